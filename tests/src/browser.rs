//! A real headless Chromium, led over WebDriver as a user leads it: by address, pointer and keys.
//!
//! Invariant: it ends with its [`Browser`] and with the test process. The driver holds the browser's pipes, and a browser without
//! its pipes ends by itself; its profile is a folder of ours.

mod driver;
mod records;

use std::time::Duration;

use fantoccini::actions::{
    InputSource as _, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
};
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::backends::External;
use crate::environment::workspace;
use crate::poll::until;
use driver::Driver;

/// A key that is no character, as WebDriver writes it.
pub use fantoccini::key::Key;

/// Two at once are as many as a small machine serves without each waiting for the other.
static TURNS: Semaphore = Semaphore::const_new(2);
/// How long a page may take until it shows what a test waits for, on a machine that compiles meanwhile.
const DEADLINE: Duration = Duration::from_secs(60);

/// A running browser with one page.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    // Dropped after the client, in this order: the driver, then the turn of the next.
    _driver: Driver,
    _turn: SemaphorePermit<'static>,
}

impl Browser {
    /// Whether a test has to pass over it, because `TRACECHAIN_NOT_RUN` lists Chromium or its driver; says so.
    #[must_use]
    pub fn is_not_run() -> bool {
        External::CHROMIUM.is_not_run() || External::CHROMEDRIVER.is_not_run()
    }

    /// Starts one, with a page that shows nothing.
    ///
    /// # Panics
    /// When Chromium or its driver is not here or does not start; the text says what to do.
    pub async fn start() -> Self {
        let turn = TURNS.acquire().await;
        let turn = turn.unwrap_or_else(|_| unreachable!("nobody closes the turns"));
        let driver = Driver::start().await;
        let client = driver.session().await;
        Self { client, _driver: driver, _turn: turn }
    }

    /// Goes to an address and waits until the document and what it names are there.
    ///
    /// # Panics
    /// When nothing is there.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Runs the body of a function in the page and gives what it returns.
    ///
    /// # Panics
    /// When it throws.
    pub async fn run(&self, script: &str) -> Value {
        let done = self.client.execute(script, Vec::new()).await;
        done.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Runs the body of an asynchronous function in the page and gives what it returns.
    ///
    /// # Panics
    /// When it throws.
    pub async fn run_async(&self, script: &str) -> Value {
        let wrapped = format!(
            "const done = arguments[0]; (async () => {{ {script} }})().then((value) => done({{ value }}), (error) => done({{ error: String(error) }}));"
        );
        let done = self.client.execute_async(&wrapped, Vec::new()).await;
        let mut done = done.unwrap_or_else(|error| panic!("{script}: {error}"));
        assert_eq!(done["error"], Value::Null, "{script}");
        done["value"].take()
    }

    /// Waits until an expression is true of the page, and gives its value.
    ///
    /// # Panics
    /// When it is still not after a minute; the text holds what the page shows.
    pub async fn wait_for(&self, expression: &str) -> Value {
        let script = format!("return ({expression});");
        // A page that is just being left has no answer yet.
        let probe = async || {
            let value = self.client.execute(&script, Vec::new()).await.ok()?;
            let is_false = value.is_null() || value == json!(false) || value == json!("");
            (!is_false && value != json!(0)).then_some(value)
        };
        if let Some(value) = until(DEADLINE, probe).await {
            return value;
        }
        let shown = self.client.execute("return document.body.innerText;", Vec::new()).await;
        panic!(
            "`{expression}` is not true of the page after {DEADLINE:?}:\n{shown:?}\n{:?}",
            self.console().await
        )
    }

    /// Waits until an element holds a text.
    ///
    /// # Panics
    /// When it does not after a minute.
    pub async fn wait_for_text(&self, css: &str, text: &str) {
        let (css, text) = (json!(css), json!(text));
        self.wait_for(&format!("document.querySelector({css})?.textContent.includes({text})"))
            .await;
    }

    /// Clicks the first element that fits, once it is there.
    ///
    /// # Panics
    /// When it is not, or cannot be clicked.
    pub async fn click(&self, css: &str) {
        self.wait_for(&format!("document.querySelector({})?.getClientRects().length", json!(css)))
            .await;
        // A page that is being redrawn may replace what was just found.
        let clicked = until(DEADLINE, async || {
            let element = self.client.find(Locator::Css(css)).await.ok()?;
            element.click().await.ok()
        });
        assert!(clicked.await.is_some(), "{css} cannot be clicked");
    }

    /// Writes into a field, in place of what is in it; for a file field, the path of the file.
    ///
    /// # Panics
    /// When there is no such field.
    pub async fn fill(&self, css: &str, text: &str) {
        self.wait_for(&format!("document.querySelector({}) !== null", json!(css))).await;
        let field = self.client.find(Locator::Css(css)).await;
        let field = field.unwrap_or_else(|error| panic!("{css}: {error}"));
        if field.prop("type").await.ok().flatten().as_deref() != Some("file") {
            field.clear().await.unwrap_or_else(|error| panic!("{css}: {error}"));
        }
        field.send_keys(text).await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Presses keys one after the other, wherever the focus is.
    ///
    /// # Panics
    /// When the page is gone.
    pub async fn press(&self, keys: impl IntoIterator<Item = Key>) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for key in keys {
            let value = char::from(key);
            actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        let pressed = self.client.perform_actions(actions).await;
        pressed.unwrap_or_else(|error| panic!("the keys were not taken: {error}"));
    }

    /// Presses the keys of characters one after the other, wherever the focus is.
    ///
    /// # Panics
    /// When the page is gone.
    pub async fn type_keys(&self, text: &str) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for value in text.chars() {
            actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        let pressed = self.client.perform_actions(actions).await;
        pressed.unwrap_or_else(|error| panic!("the keys were not taken: {error}"));
    }

    /// Drags the pointer over an element, from one share of its width to another; without a way between them it is a click.
    ///
    /// # Panics
    /// When the element is not there.
    pub async fn drag(&self, css: &str, from: f64, to: f64) {
        let place = format!(
            "const {{ left, top, width, height }} = document.querySelector({}).getBoundingClientRect(); \
             return [left + width * {from}, left + width * {to}, top + height / 2];",
            json!(css)
        );
        let place = self.run(&place).await;
        let at = |index: usize| place[index].as_f64().unwrap_or_default();
        let moved = |x: f64| PointerAction::MoveTo { duration: None, x, y: at(2) };
        let actions = MouseActions::new("pointer".to_owned())
            .then(moved(at(0)))
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
            .then(moved(at(0).midpoint(at(1))))
            .then(moved(at(1)))
            .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        let dragged = self.client.perform_actions(actions).await;
        dragged.unwrap_or_else(|error| panic!("{css} cannot be dragged over: {error}"));
    }

    /// Drops a file from outside of the browser onto an element, as a file manager does.
    ///
    /// # Panics
    /// When the element is not there, or the browser refuses.
    pub async fn drop_file(&self, css: &str, path: &std::path::Path) {
        let place = format!(
            "const {{ left, top, width, height }} = document.querySelector({}).getBoundingClientRect(); \
             return [left + width / 2, top + Math.min(height / 2, 100)];",
            json!(css)
        );
        let place = self.run(&place).await;
        let data = json!({"items": [], "files": [path], "dragOperationsMask": 1});
        for kind in ["dragEnter", "dragOver", "drop"] {
            let event = json!({"type": kind, "x": place[0], "y": place[1], "data": data});
            self.command("Input.dispatchDragEvent", event).await;
        }
    }

    /// Shows the page this wide and high, in pixels, on a system with a dark or a light theme.
    ///
    /// # Panics
    /// When the browser refuses.
    pub async fn resize(&self, width: u32, height: u32, is_dark: bool) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.command("Emulation.setDeviceMetricsOverride", metrics).await;
        let theme = if is_dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": theme}]);
        self.command("Emulation.setEmulatedMedia", json!({"features": features})).await;
        self.wait_for(&format!(
            "innerWidth === {width} && matchMedia('(prefers-color-scheme: {theme})').matches"
        ))
        .await;
    }

    /// Writes a picture of what is in view to `target/screenshots/<name>.png`.
    ///
    /// # Panics
    /// When it cannot be written.
    pub async fn screenshot(&self, name: &str) {
        let folder = workspace().join("target/screenshots");
        let picture = self.client.screenshot().await;
        let picture = picture.unwrap_or_else(|error| panic!("{name}: {error}"));
        let written = std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(folder.join(format!("{name}.png")), picture));
        written.unwrap_or_else(|error| panic!("{}/{name}.png: {error}", folder.display()));
    }
}
