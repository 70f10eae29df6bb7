fn price(kind: u8) -> u32 {
    match kind {
        // ...
        3 => huge(),
        _ => free(),
    }
}
