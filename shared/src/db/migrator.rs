//! Migrations embedded into a program, without sqlx's macros: those build every driver a second time, for the compiler.

use include_dir::Dir;
use sqlx::{
    SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};

/// The migrations of a folder: its files `NNNN_what_it_does.sql`, in the order of their numbers.
///
/// # Panics
/// On any other file name, and on text that is not UTF-8: both are known when the program is built, and every start shows them.
#[must_use]
pub fn migrator(folder: &'static Dir<'static>) -> Migrator {
    let migration = |file: &'static include_dir::File<'static>| {
        let name = file.path().file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let numbered =
            name.split_once('_').and_then(|(number, what)| Some((number.parse().ok()?, what)));
        let Some((Some((version, what)), text)) = file.contents_utf8().map(|text| (numbered, text))
        else {
            panic!(
                "the migration {} is not named NNNN_what_it_does.sql, or is not UTF-8",
                file.path().display()
            );
        };
        let what = what.replace('_', " ").into();
        Migration::new(version, what, MigrationType::Simple, text.into_sql_str(), false)
    };
    Migrator::with_migrations(folder.files().map(migration).collect())
}
