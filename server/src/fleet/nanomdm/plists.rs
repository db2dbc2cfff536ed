//! Property lists, as a device writes them: strangers' XML. What could cost time or memory is refused before it is parsed.

use plist::{Dictionary, Value};

const LONGEST: usize = 512 * 1024;
const DEEPEST: usize = 16;
const MOST_TAGS: usize = 40_000;
const LONGEST_TAG: usize = 16;
const LONGEST_HEAD: usize = 256;

/// # Errors
/// What is wrong with it, without a word of it.
pub fn read(bytes: &[u8]) -> Result<Dictionary, String> {
    look_over(bytes)?;
    match Value::from_reader_xml(bytes) {
        Ok(Value::Dictionary(dictionary)) => Ok(dictionary),
        Ok(_) => Err("it is no dictionary".to_owned()),
        Err(_) => Err("it is no property list".to_owned()),
    }
}

/// One pass, without memory of its own. It takes less than XML allows, so that no reader of XML can see more in it.
fn look_over(bytes: &[u8]) -> Result<(), String> {
    if bytes.len() > LONGEST {
        return Err("it is too long".to_owned());
    }
    let (mut rest, mut depth, mut tags) = (bytes.trim_ascii_start(), 0_usize, 0_usize);
    let mut declared = false;
    if rest.starts_with(b"<?xml ") {
        let end =
            rest.iter().take(LONGEST_HEAD).position(|byte| *byte == b'>').ok_or("its head does not end")?;
        if rest[end - 1] != b'?' || rest[1..end].contains(&b'<') {
            return Err("its head is none".to_owned());
        }
        rest = &rest[end + 1..];
    }
    while let Some(start) = rest.iter().position(|byte| *byte == b'<') {
        rest = &rest[start..];
        let end = rest.iter().position(|byte| *byte == b'>').ok_or("a tag does not end")?;
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        if tag.starts_with(b"!DOCTYPE ") {
            // Between two parts stands a quote, and each has to be closed.
            let is_closed = tag.split(|byte| *byte == b'"').count() % 2 == 1;
            let is_plain =
                tag.len() <= LONGEST_HEAD && is_closed && !tag.iter().any(|byte| b"['<".contains(byte));
            if !is_plain || tags > 0 || std::mem::replace(&mut declared, true) {
                return Err("it declares what no property list does".to_owned());
            }
            continue;
        }
        let (is_end, name) = tag.strip_prefix(b"/").map_or((false, tag), |name| (true, name));
        let (is_empty, name) = name.strip_suffix(b"/").map_or((false, name), |name| (true, name));
        let is_plain = name.iter().all(u8::is_ascii_alphabetic) && (1..=LONGEST_TAG).contains(&name.len());
        if !is_plain && name != b"plist version=\"1.0\"" {
            return Err("it has what no property list has".to_owned());
        }
        tags += 1;
        if is_end {
            depth = depth.checked_sub(1).ok_or("it closes what is not open")?;
        } else if !is_empty {
            depth += 1;
        }
        if depth > DEEPEST || tags > MOST_TAGS {
            return Err("it is too deep or has too many parts".to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
                        \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">";

    #[test]
    fn what_a_device_writes_is_read() {
        let text = format!(
            "{HEAD}<dict><key>UDID</key><string>a &amp; b</string><key>T</key><data>aGk=</data></dict></plist>"
        );
        let read = read(text.as_bytes()).unwrap();
        assert_eq!(read.get("UDID").and_then(Value::as_string), Some("a & b"));
        assert_eq!(read.get("T").and_then(Value::as_data), Some(&b"hi"[..]));
    }

    #[test]
    fn what_would_cost_us_is_refused() {
        let bomb = "<?xml version=\"1.0\"?><!DOCTYPE p [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><plist version=\"1.0\"><dict><key>k</key><string>&b;</string></dict></plist>";
        let external = "<!DOCTYPE p [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><plist><dict><key>k</key><string>&x;</string></dict></plist>";
        let deep = format!("{HEAD}<dict><key>k</key>{}", "<array>".repeat(100_000));
        let attributes = (0..80_000).fold(String::new(), |all, number| all + &format!(" a{number}=\"1\""));
        let attributes = format!("<plist version=\"1.0\"><dict{attributes}></dict></plist>");
        let many =
            format!("{HEAD}<dict><key>k</key><array>{}</array></dict></plist>", "<true/>".repeat(50_000));
        let deep_inside = "<dict><key>k</key>".repeat(20_000);
        let instruction = format!("<?x ><!-- ?>{deep_inside}--><plist version=\"1.0\"><dict></dict></plist>");
        let attribute = format!("<plist version=\"1.0\"><dict a=\"><!--\">{deep_inside}--></dict></plist>");
        let quoted = format!(
            "<plist version=\"1.0\"><dict><key>k</key>{}</dict></plist>",
            format!("{}<!DOCTYPE x \">{}\">", "<array>".repeat(9), "</array>".repeat(9)).repeat(500)
        );
        let data = format!("<plist version=\"1.0\"><dict><![CDATA[>]]>{deep_inside}</dict></plist>");
        let comment = format!("{HEAD}<!-- {}", "<".repeat(100_000));
        for text in [
            bomb,
            external,
            &deep,
            &attributes,
            &many,
            &comment,
            &instruction,
            &attribute,
            &data,
            &quoted,
            "",
            "bplist00",
            "<html></html>",
        ] {
            assert!(read(text.as_bytes()).is_err(), "{}", &text[text.len().saturating_sub(80)..]);
        }
        assert!(read(&vec![b' '; LONGEST + 1]).is_err());
    }
}
