//! Turns the catalogue's TOML into JSON, which is read anyway: what ships has no reader of TOML for it. The order is the one in
//! which portals show the types.

use std::{env, error::Error, fs, path::Path};

const TYPES: [&str; 8] = [
    "digital-id",
    "business-licence",
    "tax-registration",
    "drivers-licence",
    "social-security-card",
    "talent-certificate",
    "mandate",
    "subsidy-voucher",
];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new("../../catalogue");
    let out = env::var_os("OUT_DIR").ok_or("cargo names no folder")?;
    let read = |name: &str| -> Result<toml::Table, Box<dyn Error>> {
        let file = folder.join(name).with_extension("toml");
        println!("cargo::rerun-if-changed={}", file.display());
        Ok(toml::from_str(&fs::read_to_string(file)?)?)
    };
    let types = TYPES.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    fs::write(Path::new(&out).join("catalogue.json"), serde_json::to_vec(&types)?)?;
    fs::write(Path::new(&out).join("reasons.json"), serde_json::to_vec(&read("reasons")?)?)?;
    Ok(())
}
