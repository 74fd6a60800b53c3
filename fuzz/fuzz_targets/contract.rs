//! Contract files of any text: each is read, or refused in one line that names the file; what was read can be written, read
//! again, and is the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loadgen::verify::contract::Contracts;

mod file;

fuzz_target!(|text: &str| {
    let file = file::with(text);
    let contracts = match Contracts::load(&[file.clone().into()]) {
        Ok(contracts) => contracts,
        Err(error) => {
            let said = format!("{error:#}");
            assert!(said.contains(&file) && !said.contains('\n'), "{said:?}");
            return;
        }
    };
    for name in contracts.names() {
        let Some(contract) = contracts.get(name) else { continue };
        let written = contract.to_toml().expect("a contract has a form in TOML");
        let file = file::with(&written);
        let again = Contracts::load(&[file.into()]).expect("a contract can be read as it is written");
        let again = again.get(name).expect("its name stays").to_toml();
        assert_eq!(again.expect("a contract has a form in TOML"), written);
    }
});
