fn price(kind: u8) -> u32 {
    match kind {
        1 => small(),
        2 => large(),
        3 => huge(),
        _ => free(),
    }
}
