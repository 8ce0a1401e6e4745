//! Credential types: who may issue each, and its schema.

use std::collections::BTreeSet;

use registry::{RecordKey, Slug};
use service::Problem;
use service::extract::Path;
use service::ui::{Icon, Markup, Page, Table, empty, facts, heading, html, link_button, panel};

use crate::explorer::View;
use crate::explorer::parts::{
    copied, credential_type, instant, organisation, periods, record_link, standing,
};

/// `GET /types`.
pub(super) async fn page(view: View) -> Result<Page, Problem> {
    let t = view.t;
    let types = all(&view);
    let body = html! {
        (heading(t.get("nav.types"), t.get("types.lead")))
        @if types.is_empty() {
            (empty(Icon::Card, t.get("types.none"), t.get("types.none_text"), Markup::default()))
        }
        @for slug in &types {
            section.stack { h2 { (credential_type(&view, slug)) } (issuers(&view, slug)?) }
        }
    };
    Ok(super::page(&view, t.get("nav.types"), body))
}

/// `GET /types/{credential type}`.
pub(super) async fn one(view: View, Path(slug): Path<String>) -> Result<Page, Problem> {
    let t = view.t;
    let missing = || Problem::not_found(t.get("types.unknown")).detail(t.get("types.unknown_text"));
    let slug = Slug::new(&slug).map_err(|_| missing())?;
    if !all(&view).contains(&slug) {
        return Err(missing());
    }
    let name = view.type_name(&slug);
    let body = html! {
        (heading(&name, &t.with("types.one_lead", &[("type", slug.as_str())])))
        section.stack { h2 { (t.get("types.issuers")) } (issuers(&view, &slug)?) }
        (panel(t.get("schema.title"), schema(&view, &slug)?))
        p { (link_button(t.get("types.all"), "/types", true)) }
    };
    Ok(super::page(&view, &name, body))
}

/// Types that anybody is or was accredited for, that anybody may ask for, or that have a schema.
pub(super) fn all(view: &View) -> BTreeSet<Slug> {
    let of = |key| match key {
        RecordKey::Trust(_, slug) | RecordKey::Schema(slug) => Some(slug),
        _ => None,
    };
    let keys = view.keys("trust/").into_iter().chain(view.keys("schema/"));
    let asked = view.purposes("").unwrap_or_default();
    let asked = asked.into_iter().flat_map(|purpose| purpose.asks).map(|ask| ask.credential_type);
    keys.filter_map(of).chain(asked).collect()
}

fn issuers(view: &View, slug: &Slug) -> Result<Markup, Problem> {
    let t = view.t;
    let columns = [t.get("types.issuer"), t.get("grant.state"), t.get("grant.period"), t.get("record.proof")];
    let mut table = Table::new(t.get("types.issuers_caption"), columns);
    let mut none = true;
    for record in view.accreditations("")?.into_iter().filter(|record| record.credential_type == *slug) {
        none = false;
        let key = RecordKey::Trust(record.did.clone(), slug.clone());
        table = table.row([
            organisation(view, &record.did),
            standing(view, &record.intervals),
            periods(view, &record.intervals),
            record_link(view, &key),
        ]);
    }
    Ok(if none {
        html! { p.quiet { (t.get("types.nobody")) } }
    } else {
        table.render()
    })
}

fn schema(view: &View, slug: &Slug) -> Result<Markup, Problem> {
    let t = view.t;
    let Some(schema) = view.schema(slug)? else {
        return Ok(html! { p.quiet { (t.get("schema.none")) } });
    };
    Ok(html! {
        (facts([
            (t.get("schema.version"), html! { (schema.version) }),
            (t.get("schema.from"), instant(view, schema.from)),
            (t.get("schema.digest"), copied(view, &schema.digest.to_string())),
            (t.get("schema.url"), html! { code { (schema.url) } }),
        ]))
        (record_link(view, &RecordKey::Schema(slug.clone())))
    })
}
