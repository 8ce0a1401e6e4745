//! Companies that don't exist.

use serde_json::{Value, json};

use crate::{Person, credit_code_check, licence_identifier_check, organisation_check};

const NAMES: [&str; 8] = ["徽光", "云岭", "新安", "皖南", "巢湖", "琅琊", "天柱", "九华"];
const TRADES: [&str; 4] = ["软件", "茶业", "精密机械", "文化传媒"];
/// The business licence's type in licence identifiers, and the authority that issues it.
const LICENCE_TYPE: &str = "11100000MB0143028R001";
const AUTHORITY: &str = "11340100MB1HUE0MXJ";

/// A synthetic company with a credit code and licence identifier that pass every check.
#[derive(Clone, PartialEq, Eq)]
pub struct Company {
    /// The company's name.
    pub name: String,
    /// The unified social credit code.
    pub credit_code: String,
    /// The legal representative's name.
    pub legal_representative: String,
    /// In fen.
    pub registered_capital: u64,
    /// `YYYY-MM-DD`.
    pub established: String,
    /// Where it sits.
    pub address: String,
    /// What it does.
    pub business_scope: String,
    /// The e-licence identifier.
    pub licence_identifier: String,
}

impl Company {
    /// The company with this number.
    #[must_use]
    pub fn nth(n: usize) -> Self {
        let organisation = format!("MA8T{:04}", n % 10_000);
        let body = format!("91340100{organisation}{}", organisation_check(&organisation));
        let serial = format!("2026AH{n:08}");
        let identifier = format!("{LICENCE_TYPE}{AUTHORITY}{serial}001");
        let check = licence_identifier_check(&identifier);
        let (name, trade) = (NAMES[n % NAMES.len()], TRADES[n / 2 % TRADES.len()]);
        Self {
            name: format!("合肥{name}{trade}有限公司"),
            credit_code: format!("{body}{}", credit_code_check(&body)),
            legal_representative: Person::nth(n).name,
            registered_capital: 10_000_000 * (1 + n as u64 % 90),
            established: format!("{:04}-{:02}-{:02}", 2001 + n % 24, 1 + n % 12, 1 + n * 3 % 28),
            address: format!("安徽省合肥市高新区示例大道{}号创新园B座9层", 1 + n % 500),
            business_scope: format!(
                "{trade}相关的研发、生产与销售；技术咨询与服务（依法须经批准的项目，经批准后方可开展）"
            ),
            licence_identifier: format!("1.2.156.3005.2.{LICENCE_TYPE}.{AUTHORITY}.{serial}.001.{check}"),
        }
    }

    /// The claims of an application for a business licence.
    #[must_use]
    pub fn business_licence_claims(&self) -> Value {
        json!({
            "name": self.name,
            "creditCode": self.credit_code,
            "companyType": "有限责任公司（自然人投资或控股）",
            "legalRepresentative": self.legal_representative,
            "registeredCapital": self.registered_capital,
            "established": self.established,
            "address": self.address,
            "businessScope": self.business_scope,
            "term": "long-term",
            "registrationAuthority": "合肥市市场监督管理局",
            "licenceIdentifier": self.licence_identifier,
        })
    }
}
