fn plain(last: u64, wanted: Option<&Wanted>) -> Vec<String> {
    let mut names: Vec<String> = (FIRST..=last)
        .filter(|minor| {
            wanted
                .map(|wanted| {
                    wanted.contains(&Version::from_release(vec![3, *minor]))
                })
                .unwrap_or(true)
        })
        .map(|minor| format!("plain3.{minor}"))
        .collect();
    if last > SECOND {
        names.extend(
            (SECOND..=last)
                .filter(|minor| {
                    wanted
                        .map(|wanted| {
                            wanted
                                .contains(&Version::from_release(vec![3, *minor]))
                        })
                        .unwrap_or(true)
                })
                .map(|minor| format!("other3.{minor}")),
        );
    }
    names
}
