//! Which names say that their value is a secret.

/// Words that name a secret wherever they stand; a longer word that ends in one of them counts as well
/// (`PGPASSWORD`, `SYSTEM_ACCESSTOKEN`).
const ENDINGS: [&str; 15] = [
    "TOKEN",
    "SECRET",
    "SECRETS",
    "PASSWORD",
    "PASSWORDS",
    "PASSWD",
    "PASSPHRASE",
    "APIKEY",
    "ACCESSKEY",
    "PRIVATEKEY",
    "SECRETKEY",
    "ACCOUNTKEY",
    "CREDENTIAL",
    "CREDENTIALS",
    "CONNECTIONSTRING",
];
/// Words that name a secret only as whole words.
const WORDS: [&str; 9] = ["AUTHORIZATION", "BEARER", "CONNSTR", "COOKIE", "CREDS", "JWT", "SAS", "TOKENS", "PASSCODE"];
/// Words that name a secret when they stand last.
const LAST: [&str; 4] = ["AUTH", "PASS", "PAT", "PWD"];
/// Words that name a secret only together.
const PAIRS: [(&str, &str); 17] = [
    ("ACCESS", "KEY"),
    ("ACCOUNT", "KEY"),
    ("API", "KEY"),
    ("AUTH", "CONFIG"),
    ("AUTH", "HEADER"),
    ("AUTH", "KEY"),
    ("AUTH", "STRING"),
    ("CONNECTION", "STRING"),
    ("DEPLOY", "KEY"),
    ("ENCRYPTION", "KEY"),
    ("HOST", "KEY"),
    ("MASTER", "KEY"),
    ("PRINCIPAL", "KEY"),
    ("PRIVATE", "KEY"),
    ("SIGNING", "KEY"),
    ("SSH", "KEY"),
    ("STORAGE", "KEY"),
];
/// Last words that make the name one of something about a secret.
const ABOUT: [&str; 30] = [
    "ALGORITHM",
    "COUNT",
    "DIR",
    "DIRECTORY",
    "ENABLED",
    "ENDPOINT",
    "EXPIRES",
    "EXPIRY",
    "FILE",
    "FILENAME",
    "FOLDER",
    "HOME",
    "LENGTH",
    "LEVEL",
    "LIFETIME",
    "LIMIT",
    "METHOD",
    "MODE",
    "NAME",
    "PARALLELISM",
    "PATH",
    "PROMPT",
    "PROVIDER",
    "SOCK",
    "SOCKET",
    "TIMEOUT",
    "TTL",
    "TYPE",
    "VERSION",
    "URL",
];
/// Those of them whose value names a place: a value that cannot be one is the secret itself.
const PLACES: [&str; 10] = ["DIR", "DIRECTORY", "ENDPOINT", "FILE", "FOLDER", "HOME", "PATH", "SOCK", "SOCKET", "URL"];
/// Words that turn tokens into a quantity.
const QUANTITY: [&str; 4] = ["MAX", "MIN", "NUM", "LIMIT"];

/// The words of a name that say its value is a secret, in lower case, or None.
///
/// Names are split at everything that is neither a letter nor a digit and where a capital follows a small letter.
/// `value` matters where a name alone cannot tell: `DB_PWD` is a password unless it is a path.
pub fn secret_name(name: &str, value: &str) -> Option<String> {
    use super::common::{is_switch, looks_like_path};
    let words = words(name);
    let last = words.last()?.as_str();
    let is_place = |value: &str| value.contains(['/', '\\', '.', ':']);
    let about_it = (ABOUT.contains(&last) && (!PLACES.contains(&last) || is_place(value)))
        || (last == "ID" && words.iter().any(|w| w.starts_with("CREDENTIAL")));
    if about_it || is_switch(value) {
        return None;
    }
    if let Some(word) = words.iter().find(|w| ENDINGS.iter().any(|ending| w.ends_with(ending))) {
        return (!looks_like_path(value)).then(|| word.to_lowercase());
    }
    if let Some(word) = words.iter().find(|w| WORDS.contains(&w.as_str())) {
        let quantity = word == "TOKENS" && words.iter().any(|w| QUANTITY.contains(&w.as_str()));
        return (!quantity && !looks_like_path(value)).then(|| word.to_lowercase());
    }
    if let Some(pair) = words.windows(2).find(|pair| PAIRS.contains(&(pair[0].as_str(), pair[1].as_str()))) {
        return (!looks_like_path(value)).then(|| pair.join(" ").to_lowercase());
    }
    // PWD alone is the shell's directory.
    (words.len() > 1 && LAST.contains(&last) && !looks_like_path(value)).then(|| last.to_lowercase())
}

fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() || (before.is_ascii_lowercase() && c.is_ascii_uppercase()) {
            words.push(String::new());
        }
        if c.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(c.to_ascii_uppercase());
        }
        before = c;
    }
    // `PASSWORD1`, `API_KEY_2`: one of several.
    for word in &mut words {
        word.truncate(word.trim_end_matches(|c: char| c.is_ascii_digit()).len());
    }
    words.retain(|word| !word.is_empty());
    words
}
