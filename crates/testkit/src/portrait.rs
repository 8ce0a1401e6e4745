//! Drawings of nobody.

use std::io::Write;

use flate2::Compression;
use flate2::Crc;
use flate2::write::ZlibEncoder;

const WIDTH: usize = 48;
const HEIGHT: usize = 64;

/// A small PNG of a head and shoulders in colours that depend on the number: 48 × 64, under 1 kB.
#[must_use]
pub fn portrait_png(n: usize) -> Vec<u8> {
    let shade = |base: usize, step: usize| u8::try_from((base + n * step % 90).min(255)).unwrap_or(255);
    // Background, coat, skin, hair.
    let palette = [
        [210, 222, 236],
        [shade(30, 17), shade(50, 23), shade(90, 31)],
        [232, 196, shade(140, 13)],
        [43, 38, 40],
    ];
    let header = [48u32.to_be_bytes(), 64u32.to_be_bytes()].concat();
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut png, b"IHDR", &[header, vec![8, 3, 0, 0, 0]].concat());
    chunk(&mut png, b"PLTE", palette.as_flattened());
    chunk(&mut png, b"IDAT", &compress(&pixels()));
    chunk(&mut png, b"IEND", &[]);
    png
}

/// Rows of palette indices, each after the filter byte 0.
fn pixels() -> Vec<u8> {
    let inside = |x: i32, y: i32, cx: i32, cy: i32, rx: i32, ry: i32| {
        (x - cx).pow(2) * ry.pow(2) + (y - cy).pow(2) * rx.pow(2) < (rx * ry).pow(2)
    };
    let mut rows = Vec::with_capacity(HEIGHT * (WIDTH + 1));
    for y in 0..HEIGHT as i32 {
        rows.push(0);
        for x in 0..WIDTH as i32 {
            rows.push(if inside(x, y, 24, 28, 10, 13) && y > 20 {
                2
            } else if inside(x, y, 24, 23, 13, 15) {
                3
            } else {
                u8::from(inside(x, y, 24, 66, 22, 22))
            });
        }
    }
    rows
}

fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    // Writing to memory does not fail.
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

fn chunk(png: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    let mut crc = Crc::new();
    crc.update(name);
    crc.update(data);
    png.extend_from_slice(&(data.len() as u32).to_be_bytes());
    png.extend_from_slice(name);
    png.extend_from_slice(data);
    png.extend_from_slice(&crc.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_small_and_differs() {
        let (one, two) = (portrait_png(1), portrait_png(2));
        assert!(one.starts_with(b"\x89PNG") && one.len() < 1000);
        assert_ne!(one, two);
    }
}
