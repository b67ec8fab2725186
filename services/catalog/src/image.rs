//! Pictures of products: drawn from the SKU, so that there is one for each, and nobody has to license it.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher};

/// A picture as SVG, 400 × 400, always the same for the same product.
#[must_use]
pub fn svg(sku: &str, name: &str) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(sku.as_bytes());
    let hue = hasher.finish() % 360;
    let mut picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 400 400\" role=\"img\" aria-label=\"{label}\">\
         <rect width=\"400\" height=\"400\" fill=\"hsl({hue},35%,92%)\"/>\
         <circle cx=\"200\" cy=\"170\" r=\"130\" fill=\"hsl({hue},40%,84%)\"/>\
         <g fill=\"hsl({hue},45%,38%)\" stroke=\"hsl({accent},60%,60%)\" stroke-width=\"8\">{drawing}</g>",
        label = escaped(name),
        accent = (hue + 40) % 360,
        drawing = drawing(sku),
    );
    for (line, y) in lines(name).into_iter().zip([350, 374]) {
        // Writing to a string cannot fail.
        let _ = write!(
            picture,
            "<text x=\"200\" y=\"{y}\" text-anchor=\"middle\" font-family=\"Georgia,serif\" font-size=\"20\" \
             fill=\"#333\">{}</text>",
            escaped(&line)
        );
    }
    picture.push_str("</svg>");
    picture
}

/// The first word of a SKU says what kind of thing it is.
fn drawing(sku: &str) -> &'static str {
    match sku.split(['-', '_', '.']).next().unwrap_or_default() {
        "tea" | "coffee" | "cocoa" | "spice" | "honey" => {
            "<path d=\"M130 90h140l14 200H116z\"/><path d=\"M130 90l12-24h116l12 24z\"/>\
             <path d=\"M200 180q44 26 0 64q-44-38 0-64\" fill=\"#fff\"/>"
        }
        "kettle" | "teapot" | "pot" => {
            "<path d=\"M284 160q56-10 50 46t-58 44\" fill=\"none\"/><path d=\"M112 190q-44-16-52-64l22-6q10 40 46 44z\"/>\
             <ellipse cx=\"200\" cy=\"205\" rx=\"92\" ry=\"82\"/><circle cx=\"200\" cy=\"112\" r=\"12\"/>"
        }
        "cup" | "mug" | "bowl" | "glass" => {
            "<path d=\"M274 150q52-4 44 44t-58 46\" fill=\"none\"/><path d=\"M120 120h160l-20 150q-4 26-60 26t-60-26z\"/>\
             <path d=\"M176 92q-14-20 0-40M214 92q-14-20 0-40\" fill=\"none\"/>"
        }
        _ => {
            "<rect x=\"130\" y=\"90\" width=\"140\" height=\"200\" rx=\"18\"/>\
             <rect x=\"152\" y=\"112\" width=\"96\" height=\"60\" rx=\"6\" fill=\"#fff\"/><circle cx=\"200\" cy=\"232\" r=\"26\"/>"
        }
    }
}

/// At most two lines of at most 36 characters, at word boundaries.
fn lines(name: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in name.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < 36 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.chars().take(36).collect()),
        }
    }
    lines.truncate(2);
    lines
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_that_of_its_product_and_holds_no_markup_of_its_name() {
        let name = "<script>\"Tea\" & 'more'</script>";
        let picture = svg("tea-sencha", name);
        assert!(!picture.contains("<script") && picture.contains("&lt;script&gt;"));
        assert_eq!(picture, svg("tea-sencha", name));
        assert_ne!(svg("tea-a", "Tea"), svg("tea-b", "Tea"));
    }

    #[test]
    fn every_kind_is_one_closed_document_with_two_lines_at_most() {
        let name =
            "A name that is a good deal longer than what fits into two lines of text below a small picture";
        for sku in ["tea-1", "kettle", "cup", "scale", "", "x.y"] {
            let picture = svg(sku, name);
            assert!(
                picture.starts_with("<svg ") && picture.ends_with("</svg>"),
                "{picture}"
            );
            assert_eq!(picture.matches("<text").count(), 2);
        }
    }
}
