                    // ... existing code ...
                    wanted
                        .map(|wanted| {
                            wanted.contains(&Version::new([3, *minor]))
                        })
                        .unwrap_or(true)
                    // ... existing code ...
