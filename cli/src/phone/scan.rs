//! Reading a QR code out of a picture: a camera frame, a photo, a screenshot.

use std::io::Cursor;

use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, ImageReader, Limits};

/// The largest picture that is looked at, in pixels a side.
const MAX_SIDE: u32 = 8192;
/// Memory that decoding may take, in bytes.
const MAX_MEMORY: u64 = 256 * 1024 * 1024;
/// Codes fill a good part of a picture: beyond this many pixels a side there is nothing more to see.
const ENOUGH: u32 = 1400;

/// Other sizes to look at a picture in, in per cent, and how it is made so: what reads most comes first.
const SIZES: [(u32, FilterType); 7] = [
    (50, FilterType::Triangle),
    (200, FilterType::Triangle),
    (150, FilterType::CatmullRom),
    (125, FilterType::Triangle),
    (250, FilterType::CatmullRom),
    (175, FilterType::CatmullRom),
    (300, FilterType::Triangle),
];

/// Why no text came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ScanError {
    /// Not a PNG or JPEG, or damaged, or too large.
    #[error("this is not a picture that can be read")]
    NotAPicture,
    /// No code in it, or too blurred.
    #[error("there is no readable QR code in this picture")]
    NoCode,
}

/// The text of the first readable QR code in a PNG or JPEG. Takes a second or more where there is none: not on a thread that others
/// need.
pub(crate) fn read(picture: &[u8]) -> Result<String, ScanError> {
    read_all(picture)?.into_iter().next().ok_or(ScanError::NoCode)
}

/// The texts of all readable QR codes in a PNG or JPEG, at least one.
pub(crate) fn read_all(picture: &[u8]) -> Result<Vec<String>, ScanError> {
    let mut reader =
        ImageReader::new(Cursor::new(picture)).with_guessed_format().map_err(|_| ScanError::NotAPicture)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let picture = reader.decode().map_err(|_| ScanError::NotAPicture)?.into_luma8();
    let picture = shrink(picture, ENOUGH);
    // Where the camera's pixels fall between the code's modules, another size often reads what one did not.
    let sized = |percent: u32, by: FilterType| {
        let length = |length: u32| (length * percent / 100).max(1);
        resized(&picture, length(picture.width()), length(picture.height()), by)
    };
    let longest = picture.width().max(picture.height());
    let mut sizes = SIZES.iter().filter(|(percent, _)| longest * percent / 100 <= 3 * ENOUGH);
    decode(&picture)
        .or_else(|| sizes.find_map(|(percent, by)| decode(&sized(*percent, *by))))
        .or_else(|| decode(&inverted(&picture)))
        .ok_or(ScanError::NoCode)
}

fn decode(picture: &GrayImage) -> Option<Vec<String>> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut prepared =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| picture.as_raw()[y * width + x]);
    let grids = prepared.detect_grids();
    let texts: Vec<String> = grids.iter().filter_map(|grid| Some(grid.decode().ok()?.1)).collect();
    (!texts.is_empty()).then_some(texts)
}

fn shrink(picture: GrayImage, side: u32) -> GrayImage {
    let longest = picture.width().max(picture.height());
    if longest <= side {
        return picture;
    }
    let scaled = |length: u32| (u64::from(length) * u64::from(side) / u64::from(longest)).max(1) as u32;
    resized(&picture, scaled(picture.width()), scaled(picture.height()), FilterType::Triangle)
}

/// By the crate's own kind of picture: what is generic would be compiled here, and tests would wait a minute for it.
fn resized(picture: &GrayImage, width: u32, height: u32, by: FilterType) -> GrayImage {
    DynamicImage::ImageLuma8(picture.clone()).resize_exact(width, height, by).into_luma8()
}

/// Light on dark, as some dark themes show codes.
fn inverted(picture: &GrayImage) -> GrayImage {
    let mut picture = picture.clone();
    imageops::invert(&mut picture);
    picture
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, Luma};
    use qrcode::QrCode;

    const LINK: &str =
        "openid-credential-offer://?credential_offer_uri=http%3A%2F%2F127.0.0.1%3A7102%2Foffers%2Fabc";

    fn code(module: u32) -> GrayImage {
        let code = QrCode::new(LINK).expect("fits");
        let width = u32::try_from(code.width()).expect("small");
        let dark = |x: u32, y: u32| {
            let (x, y) = ((x / module).checked_sub(4), (y / module).checked_sub(4));
            x.zip(y).is_some_and(|(x, y)| {
                x < width && y < width && code[(x as usize, y as usize)] == qrcode::Color::Dark
            })
        };
        let side = (width + 8) * module;
        GrayImage::from_fn(side, side, |x, y| Luma([if dark(x, y) { 0 } else { 255 }]))
    }

    fn encoded(picture: &GrayImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("encodes");
        bytes.into_inner()
    }

    #[test]
    fn a_screenshot_a_photo_and_a_dark_one_are_read() {
        assert_eq!(read(&encoded(&code(4), ImageFormat::Png)).as_deref(), Ok(LINK));
        assert_eq!(read(&encoded(&code(2), ImageFormat::Jpeg)).as_deref(), Ok(LINK));
        assert_eq!(read(&encoded(&code(60), ImageFormat::Png)).as_deref(), Ok(LINK));
        assert_eq!(read(&encoded(&inverted(&code(6)), ImageFormat::Png)).as_deref(), Ok(LINK));
        let mut desk = GrayImage::from_pixel(1600, 1200, Luma([180]));
        imageops::overlay(&mut desk, &imageops::rotate90(&code(5)), 700, 300);
        assert_eq!(read(&encoded(&desk, ImageFormat::Jpeg)).as_deref(), Ok(LINK));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        assert_eq!(read(b"not a picture"), Err(ScanError::NotAPicture));
        assert_eq!(read(&[]), Err(ScanError::NotAPicture));
        let truncated = &encoded(&code(4), ImageFormat::Png)[..200];
        assert_eq!(read(truncated), Err(ScanError::NotAPicture));
        assert_eq!(read(&encoded(&GrayImage::new(1, 1), ImageFormat::Png)), Err(ScanError::NoCode));
    }
}
