//! Codes in files: their texts, a line each, or pictures of them.

use std::io::Read;
use std::path::{Path, PathBuf};

use protocol::offline::{Collected, Collector, Message};

use crate::fault::{Done, Fault, OrFault};
use crate::phone::scan;

/// The largest file that is read: a photograph.
const LARGEST: u64 = 24 << 20;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG: &[u8] = b"\xff\xd8\xff";

/// The texts in these files, in their order.
pub(crate) fn read(files: &[PathBuf]) -> Done<Vec<String>> {
    let mut texts = Vec::new();
    for file in files {
        texts.extend(texts_of(file)?);
    }
    Ok(texts)
}

/// Whether this is the text of a code, rather than what codes carry.
pub(crate) fn is_code(text: &str) -> bool {
    text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("HZ1:"))
}

/// The message that these texts make together.
pub(crate) fn message(texts: &[String]) -> Done<Message> {
    let mut collector = Collector::default();
    let mut seen = (0, 0);
    for text in texts {
        match collector.add(text).or_fault("scan the codes of one showing again")? {
            Collected::Whole(bytes) => return Message::from_bytes(&bytes).or_fault("show the codes again"),
            Collected::Part { have, total } => seen = (have, total),
        }
    }
    let (have, total) = seen;
    Err(Fault::new(
        format!("codes are missing: {have} of {total} are there"),
        "scan the others too, and name their files or put their texts into one, a line each",
    ))
}

fn texts_of(file: &Path) -> Done<Vec<String>> {
    let name = file.display();
    let todo = format!("{name} can't be read");
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).or_fault(todo.as_str())?;
    opened.take(LARGEST + 1).read_to_end(&mut bytes).or_fault(todo.as_str())?;
    if bytes.len() as u64 > LARGEST {
        return Err(Fault::new(
            format!("{name} is larger than 24 MiB"),
            "give a smaller picture of the code",
        ));
    }
    if bytes.starts_with(PNG) || bytes.starts_with(JPEG) {
        let todo = "photograph the code straight on, sharp, and as large as the picture allows";
        return scan::read_all(&bytes).or_fault(format!("{name}: {todo}"));
    }
    let text = String::from_utf8(bytes)
        .or_fault(format!("{name}: give the codes' texts, or a picture as PNG or JPEG"))?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, GrayImage, ImageFormat, Luma, imageops};
    use protocol::offline::{Answer, FrameSize, frames};
    use qrcode::{Color, EcLevel, QrCode};
    use rand_core::RngCore;

    /// A code as a 720p camera sees it: filling 85 % of the height, a little blurred, and grainy.
    fn seen(text: &str) -> GrayImage {
        let code = QrCode::with_error_correction_level(text, EcLevel::L).expect("fits");
        let width = u32::try_from(code.width()).expect("small");
        let side = (width + 8) * 12;
        let dark = |x: u32, y: u32| {
            let (x, y) = ((x / 12).checked_sub(4), (y / 12).checked_sub(4));
            x.zip(y)
                .is_some_and(|(x, y)| x < width && y < width && code[(x as usize, y as usize)] == Color::Dark)
        };
        let sharp = GrayImage::from_fn(side, side, |x, y| Luma([if dark(x, y) { 30 } else { 225 }]));
        let small = DynamicImage::ImageLuma8(sharp).resize_exact(612, 612, imageops::FilterType::Triangle);
        let mut camera = GrayImage::from_pixel(1280, 720, Luma([120]));
        imageops::overlay(&mut camera, &small.into_luma8(), 331, 53);
        let mut camera = DynamicImage::ImageLuma8(camera).blur(0.8).into_luma8();
        let mut grain = 1_u32;
        for pixel in camera.pixels_mut() {
            grain = grain.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = i16::try_from(grain >> 27).unwrap_or(0) - 16;
            let [value] = &mut pixel.0;
            *value = u8::try_from((i16::from(*value) + noise).clamp(0, 255)).unwrap_or(0);
        }
        camera
    }

    fn answer() -> Vec<String> {
        let mut evidence = vec![0; 2_500];
        testkit::rng(1).fill_bytes(&mut evidence);
        let staples = vec![evidence];
        let answer = Answer { nonce: "a-challenge-of-it".into(), presentations: Vec::new(), staples };
        frames(&Message::Answer(answer).to_bytes(), FrameSize::CAMERA_720P).expect("fits")
    }

    fn saved(folder: &Path, name: &str, picture: &GrayImage, format: ImageFormat) -> PathBuf {
        let path = folder.join(name);
        picture.save_with_format(&path, format).expect("saved");
        path
    }

    #[test]
    fn pictures_of_a_720p_camera_and_texts_make_one_answer() {
        let folder = tempfile::tempdir().expect("folder");
        let codes = answer();
        assert_eq!(codes.len(), 2);
        let first = saved(folder.path(), "first.png", &seen(&codes[0]), ImageFormat::Png);
        let second = saved(folder.path(), "second.jpeg", &seen(&codes[1]), ImageFormat::Jpeg);
        let texts = read(&[second.clone(), first]).expect("read");
        assert!(matches!(message(&texts), Ok(Message::Answer(_))));

        let written = folder.path().join("first.txt");
        std::fs::write(&written, format!("\n  {}\r\n", codes[0].to_lowercase())).expect("written");
        assert!(matches!(message(&read(&[written, second.clone()]).expect("read")), Ok(Message::Answer(_))));
        let missing = message(&read(&[second]).expect("read")).expect_err("one is missing");
        assert!(missing.to_string().contains("1 of 2"), "{missing}");
    }

    #[test]
    fn what_is_no_picture_of_a_code_is_refused_by_its_name() {
        let folder = tempfile::tempdir().expect("folder");
        let grey = GrayImage::from_pixel(200, 200, Luma([128]));
        let empty = saved(folder.path(), "grey.png", &grey, ImageFormat::Png);
        assert!(read(&[empty]).is_err());
        let path = folder.path().join("cut.png");
        std::fs::write(&path, PNG).expect("written");
        assert!(read(std::slice::from_ref(&path)).is_err());
        std::fs::write(&path, b"<svg xmlns='http://www.w3.org/2000/svg'/>").expect("written");
        assert!(message(&read(std::slice::from_ref(&path)).expect("a text")).is_err());
        let large = std::fs::File::create(&path).expect("made");
        large.set_len(LARGEST + 1).expect("stretched");
        assert!(read(&[path]).is_err());
    }
}
