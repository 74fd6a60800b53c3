//! Products and their prices.

use std::sync::LazyLock;

use shared::db::{DbError, Statement, Value};

use super::{Store, padded_len};

/// One text for each length of list that is asked for: 1, 2, 4, ... 64.
static SELECTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    (0..7)
        .map(|power| {
            let places = vec!["?"; 1 << power].join(", ");
            format!("SELECT sku, name, price_cents, currency FROM products WHERE sku IN ({places})")
        })
        .collect()
});

/// Products asked for at once, at most; an order has at most 50 items.
pub(super) const MAX_SKUS: usize = 64;

/// A product as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    pub sku: String,
    pub name: String,
    pub price_cents: i64,
    pub currency: String,
}

impl Store {
    /// The products with these SKUs, in no order; unknown ones are missing. One statement for at most 64 of them.
    pub async fn find_products(&self, skus: &[&str]) -> Result<Vec<Product>, DbError> {
        let mut products = Vec::with_capacity(skus.len());
        for skus in skus.chunks(MAX_SKUS) {
            products.extend(self.find_chunk(skus).await?);
        }
        Ok(products)
    }

    async fn find_chunk(&self, skus: &[&str]) -> Result<Vec<Product>, DbError> {
        let places = padded_len(skus.len());
        let text = SELECTS[places.trailing_zeros() as usize].as_str();
        let statement = Statement::new("SELECT products", text);
        let last = skus.last().copied();
        let values: Vec<Value<'_>> = skus
            .iter()
            .copied()
            .chain(last.into_iter().cycle())
            .take(places)
            .map(Value::from)
            .collect();
        let rows = self.db.fetch(&statement, &values).await?;
        let read = |row: &shared::db::Row| {
            Ok(Product {
                sku: row.get(0)?,
                name: row.get(1)?,
                price_cents: row.get(2)?,
                currency: row.get(3)?,
            })
        };
        rows.iter().map(|row| read(row).map_err(|error| self.db.error(error))).collect()
    }
}
