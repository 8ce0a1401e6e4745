//! What is wrong with a claim.

use serde::Serialize;

use super::Text;

/// A claim that does not pass, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{claim}: {problem}")]
pub struct ClaimError {
    /// The claim's name.
    pub claim: String,
    /// What is wrong with it.
    #[serde(rename = "code")]
    pub problem: Problem,
}

/// What is wrong with a claim; each is something the one who fills in a form can mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// It must be there.
    #[error("is missing")]
    Missing,
    /// The type has no such claim.
    #[error("is no claim of this credential")]
    Unknown,
    /// It follows from the rest and can't be given.
    #[error("is worked out and can't be given")]
    Derived,
    /// Text where a number is due, or the like.
    #[error("is of the wrong type")]
    WrongType,
    /// Too long, or empty, or with control characters.
    #[error("is empty, too long or has control characters")]
    TextUnfit,
    /// Not `YYYY-MM-DD`, or a day that no calendar has.
    #[error("is no day of the calendar")]
    NoSuchDay,
    /// A birth date or the like that lies in the future.
    #[error("lies in the future")]
    InFuture,
    /// A day up to which something counts that is over.
    #[error("is past")]
    Past,
    /// Not of the form that the claim has.
    #[error("does not have the right form")]
    FormWrong,
    /// Not 17 digits and a digit or X.
    #[error("does not have the form of an ID number")]
    IdNumberForm,
    /// The check character doesn't match: a mistyped number.
    #[error("has a wrong check character")]
    IdNumberCheck,
    /// The birth date inside is no day of the calendar.
    #[error("contains an impossible birth date")]
    IdNumberBirthDate,
    /// Not 18 characters of the alphabet.
    #[error("does not have the form of a credit code")]
    CreditCodeForm,
    /// The check character doesn't match: a mistyped code.
    #[error("has a wrong check character")]
    CreditCodeCheck,
    /// Not the seven parts of an e-licence identifier.
    #[error("does not have the form of a licence identifier")]
    LicenceIdentifierForm,
    /// The check character doesn't match: a mistyped identifier.
    #[error("has a wrong check character")]
    LicenceIdentifierCheck,
    /// Not one of the values there are.
    #[error("is not one of the choices")]
    NotAChoice,
    /// Not a whole number of fen from 0 to 2^53.
    #[error("is not an amount in fen")]
    AmountWrong,
    /// Not a PNG or JPEG in a data URL.
    #[error("is no PNG or JPEG picture")]
    NotAPicture,
    /// A picture other than a JPEG, for a credential that can be an mdoc.
    #[error("is no JPEG picture")]
    NotAJpeg,
    /// Letters other than Latin ones, or more than 150.
    #[error("is not written in Latin letters, or too long")]
    NotLatin,
    /// Larger than 48 KiB.
    #[error("is too large a picture")]
    PictureTooLarge,
    /// It says something else than another claim: a birth date unlike the one in the ID number.
    #[error("contradicts another claim")]
    Contradicts,
}

impl Problem {
    /// What a form says of it.
    #[must_use]
    pub fn text(self) -> Text {
        let (zh, en) = match self {
            Self::Missing => ("请填写此项", "This is required"),
            Self::Unknown => ("此证照没有这一项", "This credential has no such field"),
            Self::Derived => ("此项由系统计算，不能填写", "This is worked out and can't be filled in"),
            Self::WrongType => ("格式不正确", "The format is not right"),
            Self::TextUnfit => {
                ("内容为空、过长或含有不可见字符", "Empty, too long, or with invisible characters")
            }
            Self::NoSuchDay => {
                ("日期不存在，请按 2026-03-01 的格式填写", "No such day; write it like 2026-03-01")
            }
            Self::InFuture => ("日期不能晚于今天", "The day can't lie in the future"),
            Self::Past => ("日期不能早于今天", "The day can't lie in the past"),
            Self::FormWrong => ("格式不正确，请核对", "Not the right form: please check it"),
            Self::IdNumberForm => {
                ("身份号码应为17位数字加1位校验码", "An ID number has 17 digits and a check character")
            }
            Self::IdNumberCheck => (
                "身份号码校验码不符，请核对",
                "The ID number's check character doesn't match: please check it",
            ),
            Self::IdNumberBirthDate => {
                ("身份号码中的出生日期不存在", "The birth date in the ID number doesn't exist")
            }
            Self::CreditCodeForm => (
                "统一社会信用代码应为18位，不含字母 I、O、S、V、Z",
                "A credit code has 18 characters, none of them I, O, S, V or Z",
            ),
            Self::CreditCodeCheck => (
                "统一社会信用代码校验码不符，请核对",
                "The credit code's check character doesn't match: please check it",
            ),
            Self::LicenceIdentifierForm => ("电子证照标识格式不正确", "Not the form of a licence identifier"),
            Self::LicenceIdentifierCheck => (
                "电子证照标识校验码不符，请核对",
                "The licence identifier's check character doesn't match: please check it",
            ),
            Self::NotAChoice => ("请从列表中选择", "Please choose from the list"),
            Self::AmountWrong => (
                "金额应为不小于零的整数（单位：分）",
                "The amount must be a whole number of fen, not negative",
            ),
            Self::NotAPicture => ("照片应为 PNG 或 JPEG 格式", "The picture must be a PNG or JPEG"),
            Self::NotAJpeg => ("照片应为 JPEG 格式", "The picture must be a JPEG"),
            Self::NotLatin => (
                "请用拉丁字母（拼音或英文）填写，最多 150 个字符",
                "Use Latin letters (Pinyin or English), at most 150 characters",
            ),
            Self::PictureTooLarge => ("照片不能超过 48 KB", "The picture must not exceed 48 KB"),
            Self::Contradicts => {
                ("与其他项目不一致，请核对", "This contradicts another field: please check it")
            }
        };
        Text { zh: zh.to_owned(), en: en.to_owned() }
    }
}
