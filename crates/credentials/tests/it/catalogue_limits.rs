//! What claims may say: each limit by what is just inside it and what is just beyond. And what a type may not say of itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use credentials::catalogue::{
    Catalogue, CatalogueError, CredentialType, CreditCode, Date, DeskRules, Format, IdNumber,
    LicenceIdentifier, Problem,
};
use serde_json::{Value, json};

use crate::support::NOW;

const HEAD: &str = r##"
id = "t"
version = 1
vct = "urn:t:1"
vc_type = "T"
holder_line = "name"
validity_days = 10
formats = ["dc+sd-jwt"]
pattern = 1
label = { zh = "类", en = "Type" }
description = { zh = "类", en = "Type" }
colours = { from = "#000000", to = "#09afAF", ink = "#ffffff" }
desk = { approvals = 1 }
"##;

/// A claim in a catalogue file.
fn claim(name: &str, kind: &str, example: &str, more: &str) -> String {
    format!(
        "[[claims]]\nname = \"{name}\"\nlabel = {{ zh = \"项\", en = \"Claim\" }}\nkind = \"{kind}\"\nexample = {example}\n{more}\n"
    )
}

fn file(claims: &[String]) -> String {
    format!("{HEAD}{}{}", claim("name", "text", "\"x\"", ""), claims.concat())
}

fn of(claims: &[String]) -> CredentialType {
    Catalogue::parse(&[&file(claims)]).unwrap().types()[0].clone()
}

/// What is wrong with one value of one claim.
fn found(kind: &CredentialType, value: &Value) -> Option<Problem> {
    let claims = json!({"name": "x", "c": value});
    kind.validate_claims(&claims, NOW).err().map(|errors| errors[0].problem)
}

fn picture(mime: &str, bytes: &[u8]) -> Value {
    format!("data:image/{mime};base64,{}", BASE64.encode(bytes)).into()
}

fn padded(magic: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = magic.to_vec();
    bytes.resize(length, 0);
    bytes
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG: &[u8] = b"\xff\xd8\xff";

#[test]
fn values_inside_and_beyond() {
    use Problem as P;
    let choices = "values = [ { value = \"a\", label = { zh = \"甲\", en = \"A\" } }, { value = \"b\", label = { zh = \"乙\", en = \"B\" } } ]";
    let types = [
        ("text", "text", "\"x\"", ""),
        ("long", "long-text", "\"x\"", ""),
        ("latin", "text", "\"x\"", "latin = true"),
        ("form", "text", "\"A1-2\"", "pattern = \"A9-9\""),
        ("date", "date", "\"2026-01-01\"", ""),
        ("ahead", "day-ahead", "\"2099-01-01\"", ""),
        ("term", "term", "\"long-term\"", ""),
        ("fen", "money-fen", "1", ""),
        ("bool", "bool", "true", ""),
        ("hash", "commitment", "\"x\"", ""),
        ("picture", "image", "\"x\"", ""),
        ("enum", "enum", "\"a\"", choices),
        ("choices", "choices", "[\"a\"]", choices),
    ]
    .map(|(name, kind, example, more)| (name, of(&[claim("c", kind, example, more)])));
    let type_named = |name: &str| &types.iter().find(|(known, _)| *known == name).unwrap().1;
    let hash = "0123456789abcdef".repeat(4);
    let hash_with = |c: char| json!(format!("{}{c}", &hash[..63]));
    for (kind, value, problem) in [
        ("text", json!("长".repeat(200)), None),
        ("text", json!("长".repeat(201)), Some(P::TextUnfit)),
        ("text", json!("a b"), None),
        ("text", json!(""), Some(P::Missing)),
        ("text", json!(" "), Some(P::TextUnfit)),
        ("text", json!("a\nb"), Some(P::TextUnfit)),
        ("text", json!("a\tb"), Some(P::TextUnfit)),
        ("text", json!("a\u{0}b"), Some(P::TextUnfit)),
        ("text", json!("a\u{7f}b"), Some(P::TextUnfit)),
        ("text", json!("a\u{9f}b"), Some(P::TextUnfit)),
        ("text", json!(1), Some(P::WrongType)),
        ("text", json!(null), Some(P::WrongType)),
        ("long", json!("长".repeat(2_000)), None),
        ("long", json!("长".repeat(2_001)), Some(P::TextUnfit)),
        ("long", json!("a\nb"), None),
        ("long", json!("a\r\nb"), Some(P::TextUnfit)),
        ("long", json!("a\tb"), Some(P::TextUnfit)),
        ("long", json!("\n"), Some(P::TextUnfit)),
        ("long", json!("a\u{202e}b"), Some(P::TextUnfit)),
        ("latin", json!("é".repeat(150)), None),
        ("latin", json!("é".repeat(151)), Some(P::NotLatin)),
        ("latin", json!("ÿ"), None),
        ("latin", json!("Ā"), Some(P::NotLatin)),
        ("latin", json!("aĀ"), Some(P::NotLatin)),
        ("form", json!("Z0-9"), None),
        ("form", json!("z0-9"), Some(P::FormWrong)),
        ("form", json!("00-9"), Some(P::FormWrong)),
        ("form", json!("ZZ-9"), Some(P::FormWrong)),
        ("form", json!("Z0_9"), Some(P::FormWrong)),
        ("form", json!("Z0-"), Some(P::FormWrong)),
        ("form", json!("Z0-99"), Some(P::FormWrong)),
        ("form", json!("Z0-９"), Some(P::FormWrong)),
        ("date", json!("2026-03-02"), None),
        ("date", json!("2026-03-03"), Some(P::InFuture)),
        ("date", json!("2026-02-29"), Some(P::NoSuchDay)),
        ("date", json!(20_260_302), Some(P::WrongType)),
        ("ahead", json!("2026-03-02"), None),
        ("ahead", json!("2026-03-01"), Some(P::Past)),
        ("term", json!("long-term"), None),
        ("term", json!("2026-03-01"), None),
        ("term", json!("2026-03-03"), None),
        ("term", json!("long term"), Some(P::NoSuchDay)),
        ("term", json!(1), Some(P::WrongType)),
        ("fen", json!(0), None),
        ("fen", json!(9_007_199_254_740_992_u64), None),
        ("fen", json!(9_007_199_254_740_993_u64), Some(P::AmountWrong)),
        ("fen", json!(-1), Some(P::AmountWrong)),
        ("fen", json!(1.0), Some(P::AmountWrong)),
        ("fen", json!(true), Some(P::WrongType)),
        ("bool", json!(false), None),
        ("bool", json!("true"), Some(P::WrongType)),
        ("bool", json!(1), Some(P::WrongType)),
        ("bool", json!(null), Some(P::WrongType)),
        ("hash", json!(hash), None),
        ("hash", hash_with('f'), None),
        ("hash", hash_with('9'), None),
        ("hash", hash_with('g'), Some(P::FormWrong)),
        ("hash", hash_with('`'), Some(P::FormWrong)),
        ("hash", hash_with('F'), Some(P::FormWrong)),
        ("hash", hash_with('/'), Some(P::FormWrong)),
        ("hash", hash_with(':'), Some(P::FormWrong)),
        ("hash", json!(hash[..63]), Some(P::FormWrong)),
        ("hash", json!(format!("{hash}0")), Some(P::FormWrong)),
        ("picture", picture("png", PNG), None),
        ("picture", picture("jpeg", JPEG), None),
        ("picture", picture("png", JPEG), Some(P::NotAPicture)),
        ("picture", picture("jpeg", PNG), Some(P::NotAPicture)),
        ("picture", picture("jpeg", &JPEG[..2]), Some(P::NotAPicture)),
        ("picture", picture("png", b""), Some(P::NotAPicture)),
        ("picture", picture("gif", b"GIF89a"), Some(P::NotAPicture)),
        ("picture", picture("png", &padded(PNG, 48 << 10)), None),
        ("picture", picture("png", &padded(PNG, (48 << 10) + 1)), Some(P::PictureTooLarge)),
        ("picture", picture("jpeg", &padded(JPEG, (48 << 10) + 1)), Some(P::PictureTooLarge)),
        ("picture", json!("data:image/jpeg;base64,/9j_"), Some(P::NotAPicture)),
        ("picture", json!("https://tracker.example/p.png"), Some(P::NotAPicture)),
        ("enum", json!("b"), None),
        ("enum", json!("c"), Some(P::NotAChoice)),
        ("enum", json!("A"), Some(P::NotAChoice)),
        ("enum", json!(["a"]), Some(P::WrongType)),
        ("choices", json!(["b", "a"]), None),
        ("choices", json!([]), Some(P::Missing)),
        ("choices", json!(["a", "b", "a"]), Some(P::NotAChoice)),
        ("choices", json!(["a", "c"]), Some(P::NotAChoice)),
        ("choices", json!(["a", null]), Some(P::NotAChoice)),
        ("choices", json!("a"), Some(P::WrongType)),
    ] {
        assert_eq!(found(type_named(kind), &value), problem, "{kind} {:.40}", value.to_string());
    }
}

/// Characters that turn or hide what stands beside them, the first and the last of each range, and their honest neighbours.
#[test]
fn what_nobody_sees_is_no_text() {
    let (text, long) = (of(&[claim("c", "text", "\"x\"", "")]), of(&[claim("c", "long-text", "\"x\"", "")]));
    for c in "\u{ad}\u{61c}\u{180e}\u{200b}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{206f}\u{feff}\u{fff9}\u{fffb}\u{e0000}\u{e0001}\u{e007f}".chars() {
        for kind in [&text, &long] {
            assert_eq!(found(kind, &json!(format!("a{c}b"))), Some(Problem::TextUnfit), "{c:?}");
        }
    }
    for c in "\u{ac}\u{ae}\u{200a}\u{2010}\u{2027}\u{202f}\u{205f}\u{2070}\u{fefe}\u{ff00}\u{fff8}\u{fffc}\u{20000}\u{dffff}\u{e0080}徽"
        .chars()
    {
        assert_eq!(found(&text, &json!(format!("a{c}b"))), None, "{c:?}");
    }
}

#[test]
fn what_is_asked_for_and_what_follows() {
    let kind = of(&[
        claim("opt", "date", "\"2000-01-01\"", "required = false"),
        claim("open", "text", "\"x\"", "selectively_disclosable = false"),
        claim("first", "day-ahead", "\"2099-01-01\"", "required = false"),
        claim("second", "day-ahead", "\"2099-01-01\"", "required = false"),
        claim("adult", "bool", "true", "derived = { age-over = { years = 18, from = \"opt\" } }"),
        claim("issued", "date", "\"2026-01-01\"", "derived = \"issue-date\""),
        claim("ends", "date", "\"2026-01-01\"", "derived = \"expiry-date\""),
    ]);
    let asked: Vec<_> = kind.asked().map(|claim| claim.name.as_str()).collect();
    assert_eq!(asked, ["name", "opt", "open", "first", "second"]);
    let checked = kind.validate_claims(&json!({"name": "x", "open": "y", "opt": ""}), NOW).unwrap();
    let expected = json!({"name": "x", "open": "y", "issued": "2026-03-02", "ends": "2026-03-12"});
    assert_eq!(json!(checked.as_map()), expected, "what was left out is not there, nor what follows from it");
    let paths: Vec<_> = checked.disclosable().iter().map(ToString::to_string).collect();
    assert_eq!(paths, ["name", "issued", "ends"]);
    for (birth, adult) in
        [("2008-03-02", true), ("2008-03-03", false), ("2008-03-01", true), ("2000-12-31", true)]
    {
        let checked = kind.validate_claims(&json!({"name": "x", "open": "y", "opt": birth}), NOW).unwrap();
        assert_eq!(checked.as_map()["adult"], adult, "{birth}");
    }
    // Of several days the first ends it, in China.
    let ends = |claims: Value| kind.ends(claims.as_object().unwrap(), NOW).rfc3339();
    assert_eq!(ends(json!({})), kind.valid_until(NOW).rfc3339());
    assert_eq!(kind.valid_until(NOW), NOW.plus(864_000));
    for (first, second) in [("2026-03-05", "2026-03-07"), ("2026-03-07", "2026-03-05")] {
        assert_eq!(ends(json!({"first": first, "second": second})), "2026-03-05T16:00:00Z");
    }
    assert_eq!(
        ends(json!({"opt": "2026-03-05"})),
        kind.valid_until(NOW).rfc3339(),
        "another kind of day ends nothing"
    );
    // Everything that is wrong, in order; a name that was made up is cut.
    let long = format!("é {}", "a".repeat(100));
    let errors =
        kind.validate_claims(&json!({"adult": true, "open": 1, (long.as_str()): 1}), NOW).unwrap_err();
    let errors: Vec<_> = errors.iter().map(|error| (error.claim.as_str(), error.problem)).collect();
    let cut = "a".repeat(64);
    let expected = [
        ("name", Problem::Missing),
        ("open", Problem::WrongType),
        ("adult", Problem::Derived),
        (cut.as_str(), Problem::Unknown),
    ];
    assert_eq!(errors, expected);
}

#[test]
fn claims_that_must_agree() {
    let sexes = "values = [ { value = \"male\", label = { zh = \"男\", en = \"Male\" } }, { value = \"female\", label = { zh = \"女\", en = \"Female\" } } ]";
    let kind = of(&[
        claim("id", "id-number", "\"11010519491231002X\"", "required = false"),
        claim(
            "sex",
            "enum",
            "\"female\"",
            &format!("agrees_with = {{ claim = \"id\", part = \"sex\" }}\n{sexes}"),
        ),
        claim("birth", "date", "\"1949-12-31\"", "agrees_with = { claim = \"id\", part = \"birth-date\" }"),
    ]);
    let wrong = |id: Value, sex: &str, birth: &str| {
        let claims = json!({"name": "x", "id": id, "sex": sex, "birth": birth});
        let errors = kind.validate_claims(&claims, NOW).err().unwrap_or_default();
        errors.into_iter().map(|error| (error.claim, error.problem)).collect::<Vec<_>>()
    };
    let one = |claim: &str, problem| vec![(claim.to_owned(), problem)];
    let id = json!("11010519491231002X");
    assert_eq!(wrong(id.clone(), "female", "1949-12-31"), []);
    assert_eq!(wrong(id.clone(), "male", "1949-12-31"), one("sex", Problem::Contradicts));
    assert_eq!(wrong(id, "female", "1949-12-30"), one("birth", Problem::Contradicts));
    assert_eq!(wrong(json!("11010519491231002x"), "male", "1949-12-30"), one("id", Problem::IdNumberForm));
    assert_eq!(wrong(json!(""), "male", "1949-12-30"), [], "nothing to agree with");
}

#[test]
fn numbers_at_their_ends() {
    // The sequence's last digit says the sex: 1 to 4 here.
    for (sequence, sex) in [("001", "male"), ("002", "female"), ("003", "male"), ("020", "female")] {
        let body = format!("11010519491231{sequence}");
        let number = IdNumber::parse(&format!("{body}{}", testkit::id_number_check(&body))).unwrap();
        assert_eq!(number.sex().name(), sex, "{sequence}");
        assert_eq!(number.as_str()[..17], body);
    }
    assert_eq!(IdNumber::check_character("1101051949123100"), None, "sixteen digits");
    assert_eq!(IdNumber::check_character("110105194912310023"), None, "eighteen digits");
    for letter in ["X", "A"] {
        assert_eq!(IdNumber::check_character(&format!("1101051949123100{letter}")), None);
    }
    for check in ["/", ":", "x", "Y"] {
        let wrong = IdNumber::parse(&format!("11010519491231002{check}")).err();
        assert_eq!(wrong, Some(Problem::IdNumberForm), "{check}");
    }
    // The 3rd to the 8th of a credit code are digits, and those alone.
    for at in 0..17 {
        let mut body = "91340100MA8TE5T02".to_owned();
        body.replace_range(at..=at, "A");
        let digit_due = (2..8).contains(&at);
        assert_eq!(CreditCode::check_character(&body).is_none(), digit_due, "{at}");
    }
    for (body, none) in
        [("91340100MA8TE5T0", true), ("91340100MA8TE5T022", true), ("91340100MA8TE5T02", false)]
    {
        assert_eq!(CreditCode::check_character(body).is_none(), none, "{body}");
    }
    let of = |parts: [&str; 4]| {
        let check = LicenceIdentifier::check_character(&parts).unwrap();
        LicenceIdentifier::parse(&format!("1.2.156.3005.2.{}.{check}", parts.join(".")))
    };
    let kind = "11100000MB0143028R001";
    let (longest, longer) = ("1".repeat(64), "1".repeat(65));
    for (name, parts, right) in [
        ("division", [kind, "340100", "1", "001"], true),
        ("division_short", [kind, "34010", "1", "001"], false),
        ("division_long", [kind, "3401000", "1", "001"], false),
        ("division_letter", [kind, "34010A", "1", "001"], false),
        ("credit_code", [kind, "91340100MA8TE5T02F", "1", "001"], true),
        ("credit_code_wrong", [kind, "91340100MA8TE5T02G", "1", "001"], false),
        ("serial_longest", [kind, "340100", &longest, "001"], true),
        ("serial_longer", [kind, "340100", &longer, "001"], false),
        ("kind_of_letters", ["11100000MB0143028RABC", "340100", "1", "001"], false),
        ("kind_short", ["11100000MB0143028R00", "340100", "1", "001"], false),
        ("kind_long", ["11100000MB0143028R0011", "340100", "1", "001"], false),
        ("version_of_letters", [kind, "340100", "1", "ABC"], false),
        ("version_long", [kind, "340100", "1", "0001"], false),
    ] {
        assert_eq!(of(parts).is_ok(), right, "{name}");
    }
    let small = "1.2.156.3005.2.11100000mB0143028R001.340100.1.001.0";
    assert_eq!(
        LicenceIdentifier::parse(small).err(),
        Some(Problem::LicenceIdentifierForm),
        "kind_in_small_letters"
    );
    for check in ["_", "a", "é", ""] {
        let wrong = LicenceIdentifier::parse(&format!("1.2.156.3005.2.{kind}.340100.1.001.{check}")).err();
        assert_eq!(wrong, Some(Problem::LicenceIdentifierForm), "{check}");
    }
    for (version, next) in [("001", Some("002")), ("009", Some("010")), ("998", Some("999")), ("999", None)] {
        let next_one = of([kind, "340100", "1", version]).unwrap().next_version();
        let expected = next.map(|next| of([kind, "340100", "1", next]).unwrap());
        assert_eq!(next_one, expected, "{version}");
    }
}

#[test]
fn days_by_their_shape() {
    for text in [
        "2024/02-29",
        "2024-02/29",
        "202a-02-29",
        "2024-0a-29",
        "2024-02-2a",
        "2024-02-290",
        "2024-02-2",
        "+024-02-29",
        "",
    ] {
        assert_eq!(Date::parse(text).err(), Some(Problem::NoSuchDay), "{text}");
    }
    let day = |text: &str| Date::parse(text).unwrap();
    assert_eq!(day("1970-01-01").end_in_china().rfc3339(), "1970-01-01T16:00:00Z");
    assert_eq!(day("2024-02-29").end_in_china().rfc3339(), "2024-02-29T16:00:00Z");
    assert_eq!(day("1969-12-31").end_in_china().0, -8 * 3600);
    assert_eq!(day("0001-01-01").to_string(), "0001-01-01");
    assert!(!format!("{:?}", day("1988-03-21")).contains("1988"));
    for (from, to, years) in
        [("2000-05-05", "2001-04-06", 0), ("2000-05-05", "2001-05-04", 0), ("2000-05-05", "2001-06-04", 1)]
    {
        assert_eq!(day(from).years_until(day(to)), years, "{from} {to}");
    }
}

#[test]
fn types_that_contradict_themselves() {
    let enumerated =
        claim("c", "enum", "\"a\"", "values = [ { value = \"a\", label = { zh = \"甲\", en = \"A\" } } ]");
    let good = file(std::slice::from_ref(&enumerated));
    assert!(Catalogue::parse(&[&good]).is_ok());
    for (name, from, to) in [
        ("holder_line_missing", "holder_line = \"name\"", "holder_line = \"c2\""),
        ("colour_short", "from = \"#000000\"", "from = \"#00000\""),
        ("colour_long", "from = \"#000000\"", "from = \"#0000000\""),
        ("colour_without_its_sign", "from = \"#000000\"", "from = \"0000000\""),
        ("colour_of_a_letter", "from = \"#000000\"", "from = \"#g00000\""),
        ("colour_to", "to = \"#09afAF\"", "to = \"#09afAG\""),
        ("colour_ink", "ink = \"#ffffff\"", "ink = \"#fffff/\""),
        ("nobody_approves", "approvals = 1", "approvals = 0"),
        ("three_approve", "approvals = 1", "approvals = 3"),
        ("mdoc_without_a_form", "formats = [\"dc+sd-jwt\"]", "formats = [\"mso_mdoc\"]"),
        ("text_with_values", "kind = \"enum\"", "kind = \"text\""),
        ("enum_without_values", "values = [ { value = \"a\", label = { zh = \"甲\", en = \"A\" } } ]", ""),
        (
            "choices_without_values",
            "kind = \"enum\"\nexample = \"a\"\nvalues = [ { value = \"a\", label = { zh = \"甲\", en = \"A\" } } ]",
            "kind = \"choices\"",
        ),
        ("pattern_of_no_text", "kind = \"enum\"", "pattern = \"A\"\nkind = \"enum\""),
        ("no_example", "example = \"a\"", ""),
        ("twice", "name = \"c\"", "name = \"name\""),
        (
            "agrees_with_nothing",
            "kind = \"enum\"",
            "agrees_with = { claim = \"x\", part = \"sex\" }\nkind = \"enum\"",
        ),
        (
            "follows_from_nothing",
            "kind = \"enum\"",
            "derived = { age-over = { years = 1, from = \"x\" } }\nkind = \"enum\"",
        ),
        ("told_apart_by_nothing", "approvals = 1", "identified_by = \"x\""),
        ("reason_unknown", "approvals = 1", "reasons = [\"mislaid\"]"),
        ("unknown_member", "version = 1", "version = 1\nversoin = 2"),
    ] {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good, "{name}");
        assert!(Catalogue::parse(&[&changed]).is_err(), "{name}");
    }
    for (name, from, to) in [
        ("two_approve", "approvals = 1", "approvals = 2"),
        ("optional_without_example", "example = \"a\"", "required = false"),
        (
            "derived_without_example",
            "kind = \"enum\"\nexample = \"a\"\nvalues = [ { value = \"a\", label = { zh = \"甲\", en = \"A\" } } ]",
            "kind = \"date\"\nderived = \"issue-date\"",
        ),
        ("told_apart_by_a_claim", "approvals = 1", "identified_by = \"c\""),
    ] {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good, "{name}");
        assert_eq!(Catalogue::parse(&[&changed]).err(), None, "{name}");
    }
    // Two types may share none of their names.
    let other =
        good.replace("id = \"t\"", "id = \"u\"").replace("urn:t:1", "urn:u:1").replace("\"T\"", "\"U\"");
    assert_eq!(Catalogue::parse(&[&good, &other]).unwrap().types().len(), 2);
    for (name, shared) in [
        ("id", other.replace("id = \"u\"", "id = \"t\"")),
        ("vct", other.replace("urn:u:1", "urn:t:1")),
        ("vc_type", other.replace("\"U\"", "\"T\"")),
    ] {
        assert!(matches!(Catalogue::parse(&[&good, &shared]), Err(CatalogueError::Twice(_))), "{name}");
    }
    let driving = include_str!("../../../../catalogue/drivers-licence.toml");
    let again = driving
        .replace("id = \"drivers-licence\"", "id = \"other\"")
        .replace("vct = \"urn:", "vct = \"urn:other:")
        .replace("vc_type = \"", "vc_type = \"Other");
    assert!(matches!(Catalogue::parse(&[driving, &again]), Err(CatalogueError::Twice(_))), "doc_type");
}

/// What is wrong with the form of an mdoc, and nothing else: each flaw leaves every claim where it was.
#[test]
fn forms_that_do_not_fit() {
    let file = include_str!("../../../../catalogue/drivers-licence.toml");
    let with = |from: &str, to: &str| {
        let changed = file.replacen(from, to, 1);
        assert_ne!(changed, file, "{from}");
        Catalogue::parse(&[&changed])
    };
    let label = "label = { zh = \"项\", en = \"One\" }";
    let first = "{ element = \"issuing_country\"";
    for (name, from, to) in [
        ("picture_of_a_day", "day = \"birthDate\"", "picture = \"birthDate\"".to_owned()),
        ("truth_of_a_day", "day = \"birthDate\"", "bool = \"birthDate\"".into()),
        ("day_of_a_text", "text = \"address\"", "day = \"address\"".into()),
        ("text_of_a_truth", "bool = \"ageOver18\"", "text = \"ageOver18\"".into()),
        ("number_of_a_text", "text = \"address\"", "number = { claim = \"address\", numbers = {} }".into()),
        ("class_of_a_text", "class = \"class\", since", "class = \"address\", since".into()),
        ("since_a_text", "since = \"firstIssued\"", "since = \"address\"".into()),
        ("until_a_text", "until = \"validUntil\"", "until = \"address\"".into()),
        ("class_of_nothing", "class = \"class\", since", "class = \"nothing\", since".into()),
        ("since_nothing", "since = \"firstIssued\"", "since = \"nothing\"".into()),
        (
            "a_claim_with_a_label",
            "from = { text = \"address\" }",
            format!("from = {{ text = \"address\" }}, {label}"),
        ),
        (
            "no_claim_without_a_label",
            "from = { always = \"CN\" }, label = { zh = \"签发国家\", en = \"Issuing country\" } }",
            "from = { always = \"CN\" } }".into(),
        ),
        ("no_claim_by_a_claims_name", "element = \"issuing_country\"", "element = \"pointsState\"".into()),
        (
            "text_of_nothing",
            first,
            format!("{{ element = \"extra\", from = {{ text = \"nothing\" }} }},\n    {first}"),
        ),
        (
            "day_of_nothing",
            first,
            format!("{{ element = \"extra\", from = {{ day = \"nothing\" }} }},\n    {first}"),
        ),
        (
            "number_of_nothing",
            first,
            format!(
                "{{ element = \"extra\", from = {{ number = {{ claim = \"nothing\", numbers = {{}} }} }} }},\n    {first}"
            ),
        ),
    ] {
        let found = with(from, &to).err();
        assert!(matches!(found, Some(CatalogueError::Inconsistent { .. })), "{name}: {found:?}");
    }
    // A claim more, of each kind: texts are made of texts alone.
    for (kind, example, fits) in [
        ("text", "\"x\"", true),
        ("date", "\"2020-01-01\"", true),
        ("money-fen", "1", false),
        ("bool", "true", false),
    ] {
        let more =
            file.replacen("[[claims]]", &format!("{}[[claims]]", claim("extra", kind, example, "")), 1);
        let more = more.replacen(
            first,
            &format!("{{ element = \"extra\", from = {{ text = \"extra\" }} }},\n    {first}"),
            1,
        );
        assert_eq!(Catalogue::parse(&[&more]).is_ok(), fits, "{kind}");
    }
    let choices = "values = [ { value = \"a\", label = { zh = \"甲\", en = \"A\" } } ]";
    let more = file.replacen(
        "[[claims]]",
        &format!("{}[[claims]]", claim("extra", "choices", "[\"a\"]", choices)),
        1,
    );
    let more = more.replacen(
        first,
        &format!("{{ element = \"extra\", from = {{ text = \"extra\" }} }},\n    {first}"),
        1,
    );
    assert!(Catalogue::parse(&[&more]).is_err(), "choices");
    // A picture that need not be there is not asked to be a JPEG when it is not.
    let optional = with("name = \"portrait\"", "name = \"portrait\"\nrequired = false").unwrap();
    let licence = &optional.types()[0];
    let mut claims = licence.example();
    claims.as_object_mut().unwrap().remove("portrait");
    assert!(licence.validate_claims(&claims, NOW).is_ok());
}

#[test]
fn what_elements_tell_and_are_called() {
    let catalogue = Catalogue::bundled().unwrap();
    let licence = catalogue.by_id("drivers-licence").unwrap();
    let (iso, ours) = ("org.iso.18013.5.1", "urn:huizheng:drivers-licence:1");
    assert_eq!(licence.told_by_element(iso, "family_name"), ["familyNameLatin"]);
    assert_eq!(licence.told_by_element(iso, "driving_privileges"), ["class", "firstIssued", "validUntil"]);
    assert_eq!(licence.told_by_element(iso, "issuing_country"), Vec::<String>::new());
    assert_eq!(
        licence.told_by_element(ours, "family_name"),
        [format!("{ours}.family_name")],
        "another namespace's"
    );
    assert_eq!(licence.told_by_element(iso, "class"), [format!("{iso}.class")]);
    let called = |path: &str| licence.label_of_path(path).map(|label| label.en.as_str());
    assert_eq!(called(&format!("{ours}.class")), Some("Class of vehicles"));
    assert_eq!(called("class"), Some("Class of vehicles"));
    assert_eq!(called(&format!("{iso}.issuing_country")), Some("Issuing country"));
    assert_eq!(called(&format!("{iso}.class")), None);
    assert_eq!(called(&format!("{ours}/class")), None);
    assert_eq!(called(&format!("{ours}class")), None);
    assert_eq!(licence.element_in_words("issuing_country", &json!("CN")).as_deref(), Some("CN"));
    assert_eq!(licence.element_in_words("family_name", &json!("CHENG")), None, "a claim's value");
    // Each value by its own number, and back.
    for person in [testkit::Person::nth(0), testkit::Person::nth(1)] {
        let (mut claims, sex) = (licence.example(), person.sex);
        claims["sex"] = sex.into();
        claims["birthDate"] = person.birth_date.into();
        claims["licenceNumber"] = person.id_number.into();
        let checked = licence.validate_claims(&claims, NOW).unwrap();
        let spaces = licence.mdoc_elements(&checked).unwrap().unwrap();
        let all = spaces.iter().flat_map(|(space, elements)| {
            elements.iter().map(move |(name, value)| (space.as_str(), name.as_str(), value))
        });
        assert_eq!(licence.claims_of_elements(all)["sex"], sex);
    }
    let id = catalogue.by_id("digital-id").unwrap();
    let business = catalogue.by_id("business-licence").unwrap();
    let selective = |kind: &CredentialType| {
        [Format::SdJwtVc, Format::LdpVc, Format::MsoMdoc].map(|f| kind.is_selective(f))
    };
    assert_eq!([selective(id), selective(business)], [[true, true, true], [true, false, true]]);
    // The usual cryptosuite is not written, so that digests stay what they were.
    let written = |kind: &CredentialType| serde_json::to_value(kind).unwrap().get("cryptosuite").cloned();
    assert_eq!([written(id), written(business)], [Some(json!("ecdsa-sd-2023")), None]);
    for (approvals, people) in [(None, 1), (Some(0), 1), (Some(1), 1), (Some(2), 2), (Some(9), 2)] {
        assert_eq!(DeskRules { approvals, ..DeskRules::default() }.approvals(), people, "{approvals:?}");
    }
}
