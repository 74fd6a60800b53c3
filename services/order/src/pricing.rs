//! What an order costs.

use shared::{
    names,
    problem::{FieldError, Problem},
    scope::Scope,
    telemetry::{self, SPAN_TARGET},
};
use tracing::Instrument;

use crate::{
    process::Item,
    store::{OrderItem, Product, Store},
};

/// What is ordered when the caller names no items. No action has a meaning of its own, so an unknown one without items is one
/// unit of it too; the comment in the released migration `0004_seed_products.sql`, whose text is fixed, says no more than that.
pub(crate) const DEFAULT_SKU: &str = "default";

/// An order's lines and sum.
pub(crate) struct Priced {
    pub(crate) items: Vec<OrderItem>,
    pub(crate) total_cents: i64,
    pub(crate) currency: String,
}

/// Prices `items`, or one unit of the default product, in a span of its own.
pub(crate) async fn price_order(
    store: &Store,
    scope: &Scope,
    items: &[Item],
) -> Result<Priced, Problem> {
    let default = [Item { sku: DEFAULT_SKU.to_owned(), quantity: 1 }];
    let items = if items.is_empty() { &default } else { items };
    let span = tracing::info_span!(
        target: SPAN_TARGET,
        "price_order",
        otel.name = names::span::PRICE_ORDER,
        otel.kind = "internal",
    );
    telemetry::set_attribute(&span, names::ours::ORDER_ITEM_SKUS, skus(items));
    telemetry::set_attribute(&span, names::ours::ORDER_ITEM_QUANTITIES, quantities(items));
    let priced = async {
        let mut distinct: Vec<&str> = items.iter().map(|item| item.sku.as_str()).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let products = store.find_products(&distinct);
        let products = scope.within(names::database::ORDERS, products).await??;
        sum(items, &products)
    }
    .instrument(span.clone())
    .await;
    match &priced {
        Ok(priced) => {
            telemetry::set_attribute(&span, names::ours::ORDER_TOTAL_CENTS, priced.total_cents)
        }
        Err(problem) if problem.status().is_server_error() => {
            telemetry::record_error(&span, problem.code(), problem.cause());
        }
        Err(_) => {}
    }
    priced
}

fn sum(items: &[Item], products: &[Product]) -> Result<Priced, Problem> {
    let mut lines = Vec::with_capacity(items.len());
    let mut unknown = Vec::new();
    for (index, item) in items.iter().enumerate() {
        match products.iter().find(|product| product.sku == item.sku) {
            Some(product) => lines.push(OrderItem {
                sku: item.sku.clone(),
                quantity: item.quantity,
                unit_price_cents: product.price_cents,
            }),
            None => unknown.push(unknown_sku(index)),
        }
    }
    if !unknown.is_empty() {
        return Err(Problem::invalid_fields(unknown));
    }
    Ok(Priced {
        total_cents: total(&lines).ok_or_else(too_much)?,
        currency: products.first().map(|product| product.currency.clone()).unwrap_or_default(),
        items: lines,
    })
}

/// The sum, or `None` where it does not fit.
fn total(lines: &[OrderItem]) -> Option<i64> {
    lines.iter().try_fold(0_i64, |sum, line| {
        sum.checked_add(line.unit_price_cents.checked_mul(line.quantity)?)
    })
}

fn unknown_sku(index: usize) -> FieldError {
    FieldError {
        pointer: format!("/items/{index}/sku"),
        detail: "there is no product with this SKU".to_owned(),
    }
}

fn too_much() -> Problem {
    Problem::invalid_field("/items", "the total is larger than an order may be; order less")
}

fn skus(items: &[Item]) -> opentelemetry::Value {
    let skus = items.iter().map(|item| item.sku.clone().into()).collect();
    opentelemetry::Value::Array(opentelemetry::Array::String(skus))
}

fn quantities(items: &[Item]) -> opentelemetry::Value {
    opentelemetry::Value::Array(opentelemetry::Array::I64(
        items.iter().map(|item| item.quantity).collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(quantity: i64, unit_price_cents: i64) -> OrderItem {
        OrderItem { sku: "s".to_owned(), quantity, unit_price_cents }
    }

    #[test]
    fn a_total_is_the_sum_of_the_lines() {
        assert_eq!(total(&[line(2, 150), line(1, 1)]), Some(301));
        assert_eq!(total(&[]), Some(0));
    }

    #[test]
    fn a_total_that_does_not_fit_is_none() {
        assert_eq!(total(&[line(2, i64::MAX)]), None);
        assert_eq!(total(&[line(1, i64::MAX), line(1, 1)]), None);
    }
}
