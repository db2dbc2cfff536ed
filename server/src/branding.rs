//! The organisation's own look: its logo, and its colour made legible on every ground of both schemes.

use std::path::Path;

use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue};

const LARGEST_LOGO: u64 = 512 * 1024;
const KINDS: [(&str, &str); 6] = [
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
    ("avif", "image/avif"),
];

/// Read once, at the start.
#[derive(Clone, Debug)]
pub struct Logo {
    kind: &'static str,
    image: Bytes,
}

impl Logo {
    pub fn read(path: &Path) -> Result<Self, String> {
        let wrong = |what: &str| format!("organisation.logo is {}, {what}", path.display());
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
        let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == ending) else {
            return Err(wrong("but a logo is a file that ends in .svg, .png, .jpg, .webp or .avif"));
        };
        let size =
            std::fs::metadata(path).map_err(|error| wrong(&format!("which cannot be read: {error}")))?.len();
        if size > LARGEST_LOGO {
            return Err(wrong(&format!(
                "which has {size} bytes; at most {LARGEST_LOGO} fit a page that loads quickly"
            )));
        }
        let image = std::fs::read(path).map_err(|error| wrong(&format!("which cannot be read: {error}")))?;
        Ok(Self { kind, image: image.into() })
    }

    pub fn routes<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        Router::new().route(app::site::LOGO, routing::get(async move || self.clone().into_response()))
    }
}

impl IntoResponse for Logo {
    fn into_response(self) -> Response {
        // An SVG opened by itself is a document, and could run scripts under our name.
        let alone = HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
        );
        let headers: [(HeaderName, HeaderValue); 3] = [
            (CONTENT_TYPE, HeaderValue::from_static(self.kind)),
            (CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
            (CONTENT_SECURITY_POLICY, alone),
        ];
        (headers, self.image).into_response()
    }
}

/// WCAG 2.2, 1.4.3.
const LEGIBLE: f64 = 4.5;
const WHITE: Rgb = Rgb([255.0; 3]);
const BLACK: Rgb = Rgb([0.0; 3]);
/// The grounds the accent stands on, as in style/tokens.css: the page, a card, what is sunken into it.
const LIGHT: [Rgb; 3] = [rgb(0xf6_f5f1), rgb(0xff_ffff), rgb(0xef_ede6)];
const DARK: [Rgb; 3] = [rgb(0x13_1716), rgb(0x1c_2220), rgb(0x25_2c2a)];

#[derive(Clone, Copy, Debug, PartialEq)]
struct Rgb([f64; 3]);

/// `#0b5c57` as the style of both schemes.
pub fn style_of(colour: &str) -> Result<String, String> {
    let digits = colour.strip_prefix('#').filter(|digits| digits.len() == 6);
    let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or_else(|| {
        format!(
            "organisation.colour is {colour:?}, but it has to be # and six hexadecimal digits, as in #0b5c57"
        )
    })?;
    let light = Shades::of(rgb(number), &LIGHT, BLACK).css();
    let dark = Shades::of(rgb(number), &DARK, WHITE).css();
    Ok(format!(":root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}"))
}

struct Shades {
    accent: Rgb,
    strong: Rgb,
    soft: Rgb,
    on: Rgb,
}

impl Shades {
    /// Nearer to `end` in small steps, until it can be read on each of the grounds and on its own soft shade.
    fn of(colour: Rgb, grounds: &[Rgb; 3], end: Rgb) -> Self {
        let mut shades = (0..=100_u8).map(|step| {
            let accent = colour.towards(end, f64::from(step) / 100.0);
            let soft = accent.towards(grounds[1], 0.85);
            let on = if contrast(WHITE, accent) >= contrast(BLACK, accent) { WHITE } else { BLACK };
            Self { accent, strong: accent.towards(end, 0.25), soft, on }
        });
        let is_legible = |shades: &Self| {
            grounds
                .iter()
                .chain([&shades.soft, &shades.on])
                .all(|ground| contrast(shades.accent, *ground) >= LEGIBLE)
        };
        shades.find(is_legible).unwrap_or(Self { accent: end, strong: end, soft: grounds[2], on: grounds[1] })
    }

    fn css(&self) -> String {
        let Self { accent, strong, soft, on } = self;
        format!(
            "--accent:{};--accent-strong:{};--accent-soft:{};--on-accent:{}",
            accent.css(),
            strong.css(),
            soft.css(),
            on.css()
        )
    }
}

const fn rgb(number: u32) -> Rgb {
    let [_, red, green, blue] = number.to_be_bytes();
    Rgb([red as f64, green as f64, blue as f64])
}

impl Rgb {
    fn towards(self, other: Self, share: f64) -> Self {
        Self(std::array::from_fn(|place| (self.0[place] * (1.0 - share) + other.0[place] * share).round()))
    }

    fn css(self) -> String {
        let [red, green, blue] = self.0;
        format!("rgb({red} {green} {blue})")
    }

    /// Relative luminance, as WCAG defines it.
    fn luminance(self) -> f64 {
        let linear = self.0.map(|value| {
            let value = value / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }
}

fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (one.luminance(), other.luminance());
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((contrast(WHITE, BLACK) - 21.0).abs() < 0.01);
        assert!((contrast(rgb(0x76_7676), WHITE) - 4.54).abs() < 0.01);
    }

    #[test]
    fn any_colour_becomes_legible_in_both_schemes() {
        for number in (0..0x0100_0000_u32).step_by(65_521) {
            for (grounds, end) in [(LIGHT, BLACK), (DARK, WHITE)] {
                let shades = Shades::of(rgb(number), &grounds, end);
                for ground in grounds.iter().chain([&shades.soft, &shades.on]) {
                    assert!(contrast(shades.accent, *ground) >= LEGIBLE, "#{number:06x} on {ground:?}");
                }
            }
        }
    }

    #[test]
    fn a_legible_colour_stays_as_it_is() {
        assert!(style_of("#0b5c57").unwrap().starts_with(":root{--accent:rgb(11 92 87);"));
        assert!(style_of("teal").unwrap_err().contains("#0b5c57"));
        assert!(style_of("#12345g").is_err());
    }

    #[test]
    fn a_logo_is_a_small_picture() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: usize| {
            let path = folder.path().join(name);
            std::fs::write(&path, vec![0; bytes]).unwrap();
            path
        };
        assert_eq!(Logo::read(&file("logo.SVG", 10)).unwrap().kind, "image/svg+xml");
        assert!(Logo::read(&file("logo.html", 10)).unwrap_err().contains(".svg"));
        assert!(Logo::read(&file("logo.png", 600_000)).unwrap_err().contains("600000 bytes"));
        assert!(Logo::read(&folder.path().join("none.png")).unwrap_err().contains("cannot be read"));
    }
}
