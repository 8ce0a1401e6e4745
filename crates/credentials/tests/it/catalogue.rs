//! The bundled catalogue, and the checks of numbers.

use credentials::catalogue::{
    Catalogue, CatalogueError, CreditCode, Date, Format, IdNumber, LicenceIdentifier, Problem, ReasonCode,
    Sex,
};
use credentials::{UnixSeconds, cbor, mdoc};
use serde_json::{Value, json};
use testkit::{Company, Person};

use crate::support::NOW;

fn problems(id: &str, claims: &Value) -> Vec<(String, Problem)> {
    match Catalogue::bundled().unwrap().by_id(id).unwrap().validate_claims(claims, NOW) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.into_iter().map(|error| (error.claim, error.problem)).collect(),
    }
}

#[test]
fn bundled_examples_pass_their_own_checks() {
    let catalogue = Catalogue::bundled().unwrap();
    assert_eq!(catalogue.types().len(), 8);
    for credential in catalogue.types() {
        let checked = credential.validate_claims(&credential.example(), NOW).unwrap();
        for claim in &credential.claims {
            assert!(checked.as_map().contains_key(&claim.name), "{} {}", credential.id, claim.name);
            assert!(!claim.label.zh.is_empty() && !claim.label.en.is_empty());
            assert!(claim.label.en.is_ascii());
        }
        assert!(!format!("{checked:?}").contains("程知夏"), "Debug shows no values");
        assert_eq!(catalogue.by_vct(&credential.vct).unwrap().id, credential.id);
        assert_eq!(
            catalogue.by_vc_types(std::slice::from_ref(&credential.vc_type)).unwrap().id,
            credential.id
        );
    }
    let licence = catalogue.by_id("business-licence").unwrap();
    assert_ne!(licence.digest(), catalogue.by_id("digital-id").unwrap().digest());
    let mut changed = licence.clone();
    changed.claims[0].selectively_disclosable = false;
    assert_ne!(licence.digest(), changed.digest());
    assert_eq!(licence.configuration_id(Format::SdJwtVc), "business-licence-sd-jwt");
    assert_eq!(licence.configuration_id(Format::LdpVc), "business-licence-vc");
    let driving = catalogue.by_doc_type(mdoc::MDL).unwrap();
    assert_eq!(driving.configuration_id(Format::MsoMdoc), "drivers-licence-mdoc");
    assert!(driving.is_selective(Format::MsoMdoc));
}

/// The field names of all eight, which other parties rely on: a name that changes breaks their queries.
#[test]
fn fields_of_all_eight() {
    let expected = [
        (
            "digital-id",
            "name sex ethnicity birthDate address idNumber portrait issuingAuthority validFrom validUntil ageOver18 ageOver60",
        ),
        (
            "business-licence",
            "name creditCode companyType legalRepresentative registeredCapital established address businessScope term \
             registrationAuthority licenceIdentifier",
        ),
        // The credit code is the taxpayer number.
        ("tax-registration", "taxpayerNumber name taxAuthority taxpayerKind taxTypes financeOfficer handler"),
        // The name in two parts and in Latin letters, the number and the portrait: ISO/IEC 18013-5 asks for them.
        (
            "drivers-licence",
            "familyName givenName familyNameLatin givenNameLatin sex nationality address birthDate firstIssued class \
             pointsState fileNumber licenceNumber portrait issuingAuthority issuingAuthorityLatin validFrom validUntil ageOver18",
        ),
        ("social-security-card", "name idNumber cardNumber region validUntil"),
        ("talent-certificate", "name idNumber level category issuingAuthority validUntil"),
        // Principal and agent each by number and by name.
        ("mandate", "principal principalName agent agentIdNumber matters validUntil"),
        ("subsidy-voucher", "programme beneficiary amount redeemBy"),
    ];
    let catalogue = Catalogue::bundled().unwrap();
    assert_eq!(catalogue.types().len(), expected.len());
    for (id, names) in expected {
        let claims = &catalogue.by_id(id).unwrap().claims;
        assert_eq!(
            claims.iter().map(|claim| claim.name.as_str()).collect::<Vec<_>>().join(" "),
            names,
            "{id}"
        );
    }
}

/// Wallets write with the ink on both colours of a card (OpenID4VCI 1.0 §12.2.4: `background_color`, `text_color`).
#[test]
fn every_card_can_be_read() {
    /// WCAG 2.2, 1.4.3, for text of any size.
    const AA: f64 = 4.5;
    let channel = |hex: &str| {
        let share = f64::from(u8::from_str_radix(hex, 16).unwrap()) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    let luminance = |colour: &str| {
        0.2126 * channel(&colour[1..3]) + 0.7152 * channel(&colour[3..5]) + 0.0722 * channel(&colour[5..7])
    };
    let contrast = |one: &str, other: &str| {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    };
    assert!((contrast("#ffffff", "#000000") - 21.0).abs() < 1e-9);
    for credential in Catalogue::bundled().unwrap().types() {
        let colours = &credential.colours;
        for ground in [&colours.from, &colours.to] {
            let found = contrast(&colours.ink, ground);
            assert!(found >= AA, "{}: {} on {ground} is {found:.2}", credential.id, colours.ink);
        }
    }
}

#[test]
fn every_type_has_a_desk_with_reasons_for_each_change() {
    for credential in Catalogue::bundled().unwrap().types() {
        let desk = &credential.desk;
        assert!(desk.identified_by.is_some(), "{}", credential.id);
        for change in ["revoke", "suspend", "reinstate"] {
            let fits = |code: &String| {
                let reason = ReasonCode::by_code(code).unwrap();
                reason.changes.iter().any(|known| known == change)
            };
            assert!(desk.reasons.iter().any(fits), "{} {change}", credential.id);
        }
    }
    let two: Vec<_> =
        Catalogue::bundled().unwrap().types().iter().filter(|t| t.desk.approvals() == 2).collect();
    assert_eq!(
        two.iter().map(|t| t.id.as_str()).collect::<Vec<_>>(),
        ["talent-certificate", "subsidy-voucher"]
    );
    for reason in ReasonCode::bundled().unwrap() {
        assert!(!reason.label.zh.is_empty() && reason.label.en.is_ascii(), "{}", reason.code);
    }
    // How a desk works is nobody else's business: the digest stays.
    let licence = Catalogue::bundled().unwrap().by_id("business-licence").unwrap();
    let mut other = licence.clone();
    other.desk.approvals = Some(2);
    assert_eq!(licence.digest(), other.digest());
}

#[test]
fn kinds_of_the_later_types() {
    let mandate = Catalogue::bundled().unwrap().by_id("mandate").unwrap();
    let good = mandate.example();
    let with = |id: &str, claim: &str, value: Value| {
        let mut claims = Catalogue::bundled().unwrap().by_id(id).unwrap().example();
        claims[claim] = value;
        problems(id, &claims)
    };
    for (name, id, claim, value, problem) in [
        ("not_a_list", "mandate", "matters", json!("tax"), Problem::WrongType),
        ("none", "mandate", "matters", json!([]), Problem::Missing),
        ("twice", "mandate", "matters", json!(["tax", "tax"]), Problem::NotAChoice),
        ("unknown", "mandate", "matters", json!(["tax", "everything"]), Problem::NotAChoice),
        ("a_number_among_them", "mandate", "matters", json!(["tax", 1]), Problem::NotAChoice),
        ("yesterday", "mandate", "validUntil", json!("2026-03-01"), Problem::Past),
        ("no_such_day", "mandate", "validUntil", json!("2027-02-29"), Problem::NoSuchDay),
        ("commitment_short", "subsidy-voucher", "beneficiary", json!("3f"), Problem::FormWrong),
        (
            "commitment_large_letters",
            "subsidy-voucher",
            "beneficiary",
            json!("AB".repeat(32)),
            Problem::FormWrong,
        ),
        ("card_number", "social-security-card", "cardNumber", json!("12345678H"), Problem::FormWrong),
        ("card_number_longer", "social-security-card", "cardNumber", json!("H123456789"), Problem::FormWrong),
        ("birth_date_of_another", "drivers-licence", "birthDate", json!("1988-03-22"), Problem::Contradicts),
    ] {
        assert_eq!(with(id, claim, value), vec![(claim.to_owned(), problem)], "{name}");
    }
    assert_eq!(with("mandate", "validUntil", json!("2026-03-02")), [], "today still counts");
    // It ends with the day named, and that is earlier than the type's own end.
    let claims = |day: &str| {
        let mut claims = good.clone();
        claims["validUntil"] = day.into();
        claims.as_object().unwrap().clone()
    };
    assert_eq!(mandate.ends(&claims("2026-03-31"), NOW).rfc3339(), "2026-03-31T16:00:00Z");
    assert_eq!(mandate.ends(&claims("2099-12-31"), NOW), mandate.valid_until(NOW));
    let text = mandate.claim("matters").unwrap().choices_text(&json!(["tax", "bank-account"])).unwrap();
    assert_eq!(
        (text.zh.as_str(), text.en.as_str()),
        ("办税、开立银行账户", "Tax matters, Opening bank accounts")
    );
}

#[test]
fn synthetic_people_and_companies_pass() {
    for n in 0..200 {
        assert_eq!(problems("digital-id", &Person::nth(n).digital_id_claims()), [], "person {n}");
        assert_eq!(
            problems("business-licence", &Company::nth(n).business_licence_claims()),
            [],
            "company {n}"
        );
    }
}

#[test]
fn id_numbers() {
    let number = IdNumber::parse("11010519491231002X").unwrap();
    assert_eq!(number.birth_date().to_string(), "1949-12-31");
    assert_eq!(number.sex(), Sex::Female);
    assert_eq!(format!("{number:?}"), "IdNumber(…)");
    for (name, text, problem) in [
        ("check_wrong", "110105194912310021", Problem::IdNumberCheck),
        ("digits_swapped", "11010519491213002X", Problem::IdNumberCheck),
        ("small_x", "11010519491231002x", Problem::IdNumberForm),
        ("too_short", "11010519491231002", Problem::IdNumberForm),
        ("too_long", "11010519491231002XX", Problem::IdNumberForm),
        ("full_width", "１1010519491231002X", Problem::IdNumberForm),
        ("letter", "1101051949123100AX", Problem::IdNumberForm),
        ("empty", "", Problem::IdNumberForm),
        // The check characters are right: only the day is impossible.
        ("no_such_day", "110105190002290025", Problem::IdNumberBirthDate),
        ("no_such_month", "110105199013010029", Problem::IdNumberBirthDate),
    ] {
        assert_eq!(IdNumber::parse(text).map(drop), Err(problem), "{name}");
    }
    // Divisions are not looked up: 1991 has many numbers of divisions since abolished.
    let body = "51020219910101001";
    assert!(IdNumber::parse(&format!("{body}{}", testkit::id_number_check(body))).is_ok());
}

#[test]
fn credit_codes() {
    assert!(CreditCode::parse("91340100MA8TE5T02F").is_ok());
    // The trap: the weighted sum is a multiple of 31, so the check character is 0 and not the 32nd of 31.
    assert!(CreditCode::parse("91340100MA8HU20060").is_ok());
    assert_eq!(CreditCode::check_character("91340100MA8HU2006"), Some('0'));
    for (name, text, problem) in [
        ("check_wrong", "91340100MA8TE5T02G", Problem::CreditCodeCheck),
        ("check_wrong_in_the_trap", "91340100MA8HU2006Y", Problem::CreditCodeCheck),
        ("letter_i", "91340100MI8TE5T02F", Problem::CreditCodeForm),
        ("check_letter_z", "91340100MA8TE5T02Z", Problem::CreditCodeForm),
        ("small_letters", "91340100ma8te5t02f", Problem::CreditCodeForm),
        ("division_with_letter", "9134A100MA8TE5T02F", Problem::CreditCodeForm),
        ("too_short", "91340100MA8TE5T02", Problem::CreditCodeForm),
        ("too_long", "91340100MA8TE5T02FF", Problem::CreditCodeForm),
        ("a_character_of_three_bytes", "91340100MA8TE5T0测", Problem::CreditCodeForm),
    ] {
        assert_eq!(CreditCode::parse(text).map(drop), Err(problem), "{name}");
    }
}

/// The second implementation in the testkit agrees, traps included.
#[test]
fn check_characters_agree_with_a_second_implementation() {
    let mut zeros = 0;
    for n in 0..5_000_u32 {
        let body = format!("9134{:02}00MA8T{:05}", n % 19, n);
        let check = CreditCode::check_character(&body).unwrap();
        assert_eq!(check, testkit::credit_code_check(&body));
        zeros += u32::from(check == '0');
        let digits = format!("3401001990010{:04}", n % 10_000);
        assert_eq!(IdNumber::check_character(&digits), Some(testkit::id_number_check(&digits)));
        let serial = format!("2026AH{n:08}Z");
        assert_eq!(
            LicenceIdentifier::check_character(&[&serial, "001"]),
            Some(testkit::licence_identifier_check(&format!("{serial}001")))
        );
    }
    assert!(zeros > 100, "the trap was met {zeros} times");
}

#[test]
fn licence_identifiers() {
    let good = "1.2.156.3005.2.11100000MB0143028R001.11340100MB0TE5T1XW.2026AH00000001.001.0";
    assert!(LicenceIdentifier::parse(good).is_ok());
    let next = LicenceIdentifier::parse(good).unwrap().next_version().unwrap();
    assert!(next.as_str().contains(".2026AH00000001.002."));
    assert_eq!(LicenceIdentifier::parse(next.as_str()), Ok(next));
    // The issuer may be a division.
    let check = LicenceIdentifier::check_character(&["11100000MB0143028R001", "340100", "1", "001"]).unwrap();
    assert!(
        LicenceIdentifier::parse(&format!("1.2.156.3005.2.11100000MB0143028R001.340100.1.001.{check}"))
            .is_ok()
    );
    for (name, text, problem) in [
        ("check_wrong", good.replace(".001.0", ".001.1"), Problem::LicenceIdentifierCheck),
        ("serial_changed", good.replace("AH00000001", "AH00000002"), Problem::LicenceIdentifierCheck),
        ("another_root", good.replace("3005.2", "3005.3"), Problem::LicenceIdentifierForm),
        ("a_part_missing", good.replace(".001.0", ".0"), Problem::LicenceIdentifierForm),
        (
            "issuer_wrong",
            good.replace("11340100MB0TE5T1XW", "11340100MB0TE5T1XX"),
            Problem::LicenceIdentifierForm,
        ),
        ("version_of_two", good.replace(".001.0", ".01.0"), Problem::LicenceIdentifierForm),
        ("serial_empty", good.replace("2026AH00000001", ""), Problem::LicenceIdentifierForm),
        ("serial_with_dash", good.replace("2026AH", "2026-AH"), Problem::LicenceIdentifierForm),
        ("check_of_two", format!("{good}0"), Problem::LicenceIdentifierForm),
    ] {
        assert_eq!(LicenceIdentifier::parse(&text).map(drop), Err(problem), "{name}");
    }
}

#[test]
fn dates() {
    for (text, good) in [
        ("2024-02-29", true),
        ("2023-02-29", false),
        ("2023-2-9", false),
        ("20230209", false),
        ("2023-02-09T00:00", false),
        ("-2023-02-0", false),
    ] {
        assert_eq!(Date::parse(text).is_ok(), good, "{text}");
    }
    let day = |text: &str| Date::parse(text).unwrap();
    for (from, to, years) in [
        ("2008-03-02", "2026-03-02", 18),
        ("2008-03-03", "2026-03-02", 17),
        ("2008-02-29", "2026-02-28", 17),
        ("2008-02-29", "2026-03-01", 18),
        ("2030-01-01", "2026-03-02", -4),
    ] {
        assert_eq!(day(from).years_until(day(to)), years, "{from} {to}");
    }
    // Midnight in China is 16:00 UTC of the day before.
    let before = UnixSeconds::parse_rfc3339("2026-03-01T15:59:59Z").unwrap();
    assert_eq!(Date::in_china(before).to_string(), "2026-03-01");
    assert_eq!(Date::in_china(before.plus(1)).to_string(), "2026-03-02");
}

#[test]
fn ages_are_worked_out_on_the_day() {
    let credential = Catalogue::bundled().unwrap().by_id("digital-id").unwrap();
    let body = "34010020080302001";
    let mut claims = Person::nth(1).digital_id_claims();
    claims["idNumber"] = format!("{body}{}", testkit::id_number_check(body)).into();
    claims["birthDate"] = "2008-03-02".into();
    claims["sex"] = "male".into();
    // Noon on the eighteenth birthday, and the day before.
    for (now, adult) in [(NOW, true), (NOW.plus(-86_400), false)] {
        let checked = credential.validate_claims(&claims, now).unwrap().into_map();
        assert_eq!(checked["ageOver18"], adult);
        assert_eq!(checked["ageOver60"], false);
        assert_eq!(checked["validFrom"], Date::in_china(now).to_string());
    }
    let checked = credential.validate_claims(&claims, NOW).unwrap().into_map();
    assert_eq!(checked["validUntil"], "2031-03-01");
}

#[test]
fn refused_claims() {
    let good = Person::nth(1).digital_id_claims();
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        problems("digital-id", &claims)
    };
    let one = |claim: &str, problem| vec![(claim.to_owned(), problem)];
    let picture = |mime: &str, bytes: &[u8]| {
        use base64::Engine as _;
        let digits = base64::engine::general_purpose::STANDARD.encode(bytes);
        Value::from(format!("data:image/{mime};base64,{digits}"))
    };
    for (name, claim, value, problem) in [
        ("missing", "name", json!(""), Problem::Missing),
        ("null", "name", Value::Null, Problem::WrongType),
        ("wrong_type", "name", json!(1), Problem::WrongType),
        ("blank", "name", json!("  "), Problem::TextUnfit),
        ("too_long", "name", json!("长".repeat(201)), Problem::TextUnfit),
        ("line_break", "name", json!("a\nb"), Problem::TextUnfit),
        ("turned_around", "name", json!("a\u{202e}b"), Problem::TextUnfit),
        ("not_a_choice", "sex", json!("other"), Problem::NotAChoice),
        ("sex_unlike_number", "sex", json!("female"), Problem::Contradicts),
        ("birth_date_unlike_number", "birthDate", json!("1949-12-31"), Problem::Contradicts),
        ("no_such_day", "birthDate", json!("1990-02-30"), Problem::NoSuchDay),
        ("not_a_picture", "portrait", json!("https://tracker.example/p.png"), Problem::NotAPicture),
        ("picture_of_another_kind", "portrait", picture("png", b"GIF89a"), Problem::NotAPicture),
        ("svg", "portrait", picture("svg+xml", b"<svg/>"), Problem::NotAPicture),
        ("picture_too_large", "portrait", picture("png", &[0; 50_000]), Problem::PictureTooLarge),
        ("derived_given", "ageOver18", json!(true), Problem::Derived),
        ("unknown", "admin", json!(true), Problem::Unknown),
    ] {
        assert_eq!(with(claim, value), one(claim, problem), "{name}");
    }
    assert_eq!(problems("digital-id", &json!([])).len(), 8, "every claim asked for is missing");
    let company = Company::nth(1).business_licence_claims();
    for (name, claim, value, problem) in [
        ("negative", "registeredCapital", json!(-1), Problem::AmountWrong),
        ("fraction", "registeredCapital", json!(0.5), Problem::AmountWrong),
        ("text", "registeredCapital", json!("100"), Problem::WrongType),
        ("not_exact", "registeredCapital", json!(1_u64 << 60), Problem::AmountWrong),
        ("in_future", "established", json!("2026-03-03"), Problem::InFuture),
        ("term", "term", json!("forever"), Problem::NoSuchDay),
    ] {
        let mut claims = company.clone();
        claims[claim] = value;
        assert_eq!(problems("business-licence", &claims), one(claim, problem), "{name}");
    }
    let mut ends = company;
    ends["term"] = json!("2046-03-02");
    ends["businessScope"] = json!("一\n二");
    assert_eq!(problems("business-licence", &ends), []);
}

#[test]
fn the_drivers_licence_becomes_an_mdl() {
    let file = include_str!("../../../../catalogue/drivers-licence.toml");
    let licence = Catalogue::bundled().unwrap().by_id("drivers-licence").unwrap();
    let elements = |change: fn(&mut Value)| {
        let mut claims = licence.example();
        change(&mut claims);
        licence.mdoc_elements(&licence.validate_claims(&claims, NOW).unwrap()).map(Option::unwrap)
    };
    let spaces = elements(|_| ()).unwrap();
    let names: Vec<_> = spaces.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [mdoc::MDL_NAMESPACE, "urn:huizheng:drivers-licence:1"]);
    let (_, found) = &spaces[0];
    let element = |name: &str| &found.iter().find(|(element, _)| element == name).unwrap().1;
    // Every element that table 5 asks for.
    for mandatory in [
        "family_name",
        "given_name",
        "birth_date",
        "issue_date",
        "expiry_date",
        "issuing_country",
        "issuing_authority",
        "document_number",
        "portrait",
        "driving_privileges",
        "un_distinguishing_sign",
    ] {
        assert!(found.iter().any(|(element, _)| element == mandatory), "{mandatory}");
    }
    // Table 5 asks for Latin letters in texts but for those in national characters.
    for (name, value) in found.iter().filter(|(name, _)| !name.ends_with("_national_character")) {
        assert!(value.as_text().is_none_or(|text| text.chars().all(|c| c <= '\u{ff}')), "{name}");
    }
    assert_eq!(element("sex").as_integer(), Some(2));
    assert!(element("portrait").as_bytes().unwrap().starts_with(&[0xff, 0xd8]));
    assert_eq!(element("birth_date").untagged(1004).and_then(cbor::Value::as_text), Some("1988-03-21"));
    let privileges = |class: &'static str| {
        let mut claims = licence.example();
        claims["class"] = class.into();
        let claims = licence.validate_claims(&claims, NOW).unwrap();
        let mut spaces = licence.mdoc_elements(&claims).unwrap().unwrap();
        let (_, elements) = spaces.swap_remove(0);
        elements.into_iter().find(|(name, _)| name == "driving_privileges").unwrap().1.to_json()
    };
    let codes = |class| privileges(class)[0]["vehicle_category_code"].clone();
    assert_eq!(privileges("C1")[0]["issue_date"], "2012-06-08");
    assert_eq!(privileges("C1")[0]["expiry_date"], element("expiry_date").to_json());
    assert_eq!(privileges("C2")[0]["codes"], json!([{"code": "78"}]));
    assert_eq!([codes("C1"), codes("A1"), codes("A2"), codes("F")], ["B", "D", "CE", "AM"]);
    assert_eq!(privileges("M"), json!([]), "known here only");
    // A picture that is no JPEG has no place in it.
    let digital_id = Catalogue::bundled().unwrap().by_id("digital-id").unwrap();
    let png = digital_id.example()["portrait"].as_str().unwrap().to_owned();
    let mut claims = licence.example();
    claims["portrait"] = png.into();
    claims["familyNameLatin"] = "程".into();
    claims["givenNameLatin"] = "a".repeat(151).into();
    let errors = licence.validate_claims(&claims, NOW).unwrap_err();
    let errors: Vec<_> = errors.iter().map(|error| (error.claim.as_str(), error.problem)).collect();
    let expected = [
        ("familyNameLatin", Problem::NotLatin),
        ("givenNameLatin", Problem::NotLatin),
        ("portrait", Problem::NotAJpeg),
    ];
    assert_eq!(errors, expected, "told with the application, and not when it is issued");
    let id = digital_id.validate_claims(&digital_id.example(), NOW).unwrap();
    assert_eq!(digital_id.mdoc_elements(&id), Ok(None));
    for (name, from, to) in [
        ("class_without_categories", "N = []\n", ""),
        ("element_twice", r#"element = "given_name""#, r#"element = "family_name""#),
        ("claim_not_there", r#"text = "familyName""#, r#"text = "surname""#),
        ("day_of_no_date", r#"day = "birthDate""#, r#"day = "address""#),
        ("number_missing", "female = 2", "other = 2"),
        ("claim_lost", r#"text = "address""#, r#"text = "nationality""#),
        ("no_label", r#"from = { always = "CHN" }, label"#, r#"from = { text = "address" }, label"#),
        ("no_form", "[mdoc]", "[other]"),
    ] {
        let changed = file.replacen(from, to, 1);
        assert_ne!(changed, file, "{name}");
        assert!(Catalogue::parse(&[&changed]).is_err(), "{name}");
    }
}

#[test]
fn what_is_built_in_says_what_the_files_say() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../catalogue");
    let bundled = Catalogue::bundled().unwrap().types();
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.filter(|file| !file.ends_with("reasons.toml")).collect();
    assert_eq!(files.len(), bundled.len());
    for file in files {
        let read = Catalogue::parse(&[&std::fs::read_to_string(&file).unwrap()]).unwrap();
        let [read] = read.types() else { panic!("{}: one type", file.display()) };
        assert!(bundled.contains(read), "{}", file.display());
    }
}

#[test]
fn refused_catalogues() {
    let file = include_str!("../../../../catalogue/digital-id.toml");
    assert!(Catalogue::parse(&[file]).is_ok());
    assert!(matches!(Catalogue::parse(&[file, file]), Err(CatalogueError::Twice(_))));
    for (name, from, to) in [
        ("unknown_member", "pattern =", "pattren = 1\npattern ="),
        ("unknown_kind", r#"kind = "id-number""#, r#"kind = "number""#),
        ("example_missing", "example = \"汉族\"", ""),
        ("refers_to_nothing", "from = \"birthDate\"", "from = \"birthday\""),
        ("holder_line_missing", "holder_line = \"name\"", "holder_line = \"nobody\""),
        ("claim_twice", "name = \"ethnicity\"", "name = \"name\""),
        ("colour", "#1f4e79", "blue"),
        ("choices_without_enum", "kind = \"enum\"", "kind = \"text\""),
        ("reason_unknown", "\"lost\"", "\"mislaid\""),
        ("three_must_approve", "[desk]", "[desk]\napprovals = 3"),
        ("told_apart_by_nothing", "identified_by = \"idNumber\"", "identified_by = \"number\""),
    ] {
        let changed = file.replacen(from, to, 1);
        assert_ne!(changed, file, "{name}");
        assert!(Catalogue::parse(&[&changed]).is_err(), "{name}");
    }
}

#[test]
fn every_problem_has_its_texts() {
    for problem in [Problem::Missing, Problem::Contradicts, Problem::CreditCodeCheck] {
        let text = problem.text();
        assert!(!text.zh.is_ascii() && !text.en.is_empty());
    }
}

#[test]
fn an_mdl_tells_the_claims_that_it_was_made_of() {
    let licence = Catalogue::bundled().unwrap().by_doc_type(mdoc::MDL).unwrap();
    let form = licence.mdoc.as_ref().unwrap();
    let claims = licence.validate_claims(&licence.example(), NOW).unwrap();
    let spaces = licence.mdoc_elements(&claims).unwrap().unwrap();
    let all = spaces.iter().flat_map(|(space, elements)| {
        elements.iter().map(move |(name, value)| (space.as_str(), name.as_str(), value))
    });
    let mut back = licence.claims_of_elements(all);
    // What is no claim's value stands under its own name, for people to read.
    let privileges = back.remove("driving_privileges").unwrap();
    let until = claims.as_map()["validUntil"].as_str().unwrap();
    let words = licence.element_in_words("driving_privileges", &privileges).unwrap();
    assert_eq!(words, format!("B, 2012-06-08 – {until}"));
    assert_eq!(licence.element_in_words("driving_privileges", &json!([])).unwrap(), "–");
    let restricted = json!([{"vehicle_category_code": "B", "codes": [{"code": "78"}]}]);
    assert_eq!(licence.element_in_words("driving_privileges", &restricted).unwrap(), "B (78)");
    assert_eq!(licence.label_of("driving_privileges").unwrap().zh, "国际准驾类别（附起止日期）");
    assert_eq!(licence.label_of("class").unwrap().en, "Class of vehicles");
    assert_eq!(licence.label_of("family_name"), None, "a claim goes by its own name");
    assert_eq!(back.remove("issuing_country"), Some(json!("CN")));
    assert_eq!(back.remove("un_distinguishing_sign"), Some(json!("CHN")));
    assert_eq!(&back, claims.as_map());

    // The same name elsewhere is another element, and a value of another form is no claim's.
    let (text, stranger) = (cbor::Value::from("x"), "urn:other");
    let odd = [
        (stranger, "family_name", &text),
        (mdoc::MDL_NAMESPACE, "birth_date", &text),
        (mdoc::MDL_NAMESPACE, "portrait", &text),
        (mdoc::MDL_NAMESPACE, "sex", &text),
    ];
    let read = licence.claims_of_elements(odd.into_iter());
    assert_eq!(
        json!(read),
        json!({"urn:other.family_name": "x", "birthDate": "x", "portrait": "x", "sex": "x"})
    );

    // Whoever may see some claims is shown what tells of these only.
    let telling = |claims: &[&str]| {
        let claims: Vec<String> = claims.iter().map(|claim| (*claim).to_owned()).collect();
        form.telling(&claims).map(|one| one.element.clone()).collect::<Vec<_>>()
    };
    assert_eq!(telling(&["ageOver18"]), ["age_over_18"]);
    assert_eq!(telling(&["class", "firstIssued"]), ["class", "first_issued"]);
    let with_privileges = ["expiry_date", "driving_privileges", "class", "first_issued"];
    assert_eq!(telling(&["validUntil", "class", "firstIssued"]), with_privileges);
    assert_eq!(telling(&[]), Vec::<String>::new());
}
