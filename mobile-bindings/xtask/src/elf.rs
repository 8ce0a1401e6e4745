//! As much of ELF as shows whether Android with pages of 16 KiB can load a library.

use std::{fs, path::Path};

use crate::run::Done;

/// What Android 15 and later demand of 64-bit libraries.
const PAGE: u64 = 16 * 1024;
const LOAD: u32 = 1;

/// # Errors
/// A segment is aligned to less.
pub(crate) fn check_alignment(library: &Path) -> Done {
    let name = library.display();
    let bytes = fs::read(library).map_err(|error| format!("{name}: {error}"))?;
    match load_alignment(&bytes) {
        Some(alignment) if alignment >= PAGE => Ok(()),
        Some(alignment) => Err(format!(
            "{name} is aligned to {alignment} bytes, and Android with pages of 16 KiB would not load it: link with -z max-page-size=16384"
        )),
        None => Err(format!("{name} is no 64-bit little-endian ELF library")),
    }
}

/// The least alignment of the segments that are loaded (ELF-64, little-endian); `None` for anything else.
fn load_alignment(elf: &[u8]) -> Option<u64> {
    if elf.get(..6)? != b"\x7fELF\x02\x01" {
        return None;
    }
    let headers = usize::try_from(number(elf, 0x20, 8)?).ok()?;
    let (size, count) = (usize::try_from(number(elf, 0x36, 2)?).ok()?, number(elf, 0x38, 2)?);
    let mut least = None;
    for index in 0..usize::try_from(count).ok()? {
        let at = headers.checked_add(index.checked_mul(size)?)?;
        if number(elf, at, 4)? == u64::from(LOAD) {
            let alignment = number(elf, at.checked_add(0x30)?, 8)?;
            least = Some(least.map_or(alignment, |least: u64| least.min(alignment)));
        }
    }
    least
}

fn number(bytes: &[u8], at: usize, size: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(size)?)?;
    Some(field.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF header and program headers of these types and alignments.
    fn elf(segments: &[(u32, u64)]) -> Vec<u8> {
        let mut bytes = vec![0; 0x40];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[0x20] = 0x40;
        bytes[0x36] = 0x38;
        bytes[0x38] = u8::try_from(segments.len()).unwrap();
        for (kind, alignment) in segments {
            let mut header = vec![0; 0x38];
            header[..4].copy_from_slice(&kind.to_le_bytes());
            header[0x30..].copy_from_slice(&alignment.to_le_bytes());
            bytes.append(&mut header);
        }
        bytes
    }

    #[test]
    fn the_least_aligned_segment_that_is_loaded_counts() {
        assert_eq!(load_alignment(&elf(&[(6, 8), (LOAD, 0x4000), (LOAD, 0x1_0000)])), Some(0x4000));
        assert_eq!(load_alignment(&elf(&[(LOAD, 0x4000), (LOAD, 0x1000)])), Some(0x1000));
        assert_eq!(load_alignment(&elf(&[(6, 8)])), None);
    }

    #[test]
    fn what_is_no_library_or_cut_short_is_none() {
        let whole = elf(&[(LOAD, 0x4000)]);
        for length in 0..whole.len() {
            assert_eq!(load_alignment(&whole[..length]), None, "{length} bytes");
        }
        assert_eq!(load_alignment(b"\x7fELF\x01\x01"), None);
    }

    #[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
    #[test]
    fn this_very_program_is_read() {
        let program = fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(load_alignment(&program).is_some_and(u64::is_power_of_two));
    }
}
