use std::{
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink},
    process::Command,
    thread,
};

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    OutputFile::open(path)?.write(|out| out.write_all(text.as_bytes()))
}

#[test]
fn a_file_takes_the_place_of_an_older_one_and_leaves_nothing_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    fs::write(&path, "older").unwrap();

    let file = OutputFile::open(&path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "older");
    file.write(|out| out.write_all(b"new")).unwrap();

    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    assert_eq!(names(folder.path()), ["report.json"]);
}

#[test]
fn without_writing_and_after_an_error_what_was_there_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    fs::write(&path, "older").unwrap();

    drop(OutputFile::open(&path).unwrap());
    let failing = |out: &mut dyn Write| {
        out.write_all(b"half")?;
        Err(io::ErrorKind::InvalidData.into())
    };
    assert!(OutputFile::open(&path).unwrap().write(failing).is_err());

    assert_eq!(fs::read_to_string(&path).unwrap(), "older");
    assert_eq!(names(folder.path()), ["report.json"]);
}

#[test]
fn an_older_file_s_mode_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    fs::write(&path, "older").unwrap();
    for mode in [0o600, 0o664] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        write(&path, "new").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, mode);
    }
}

#[test]
fn a_link_stays_one_and_what_it_leads_to_is_replaced_or_made() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("real")).unwrap();
    fs::write(at("real/there"), "older").unwrap();
    symlink("real/there", at("to_there")).unwrap();
    symlink("to_there", at("to_link")).unwrap();
    symlink("real/new", at("to_new")).unwrap();

    for (link, real) in [("to_link", "real/there"), ("to_new", "real/new")] {
        write(&at(link), link).unwrap();
        assert!(fs::symlink_metadata(at(link)).unwrap().is_symlink(), "{link}");
        assert_eq!(fs::read_to_string(at(real)).unwrap(), link);
    }
    assert_eq!(names(folder.path()), ["real", "to_link", "to_new", "to_there"]);
    assert_eq!(names(&at("real")), ["new", "there"]);
}

#[test]
fn a_link_in_a_circle_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("circle");
    symlink("circle", &path).unwrap();
    assert!(OutputFile::open(&path).is_err());
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
}

#[test]
fn a_pipe_is_written_to_when_there_is_something_and_stays_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());

    // Nobody reads yet.
    let file = OutputFile::open(&path).unwrap();
    let read = {
        let path = path.clone();
        thread::spawn(move || fs::read_to_string(path).unwrap())
    };
    file.write(|out| out.write_all(b"text")).unwrap();

    assert_eq!(read.join().unwrap(), "text");
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_fifo());
    assert_eq!(names(folder.path()), ["pipe"]);
}

#[test]
fn a_device_is_written_to_and_its_error_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("full");
    symlink("/dev/full", &path).unwrap();
    assert_eq!(write(&path, "text").unwrap_err().kind(), io::ErrorKind::StorageFull);
    write(Path::new("/dev/null"), "text").unwrap();
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    assert_eq!(names(folder.path()), ["full"]);
}

#[test]
fn a_place_that_is_not_writable_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("not/there.json"), folder.path().to_owned()] {
        assert!(OutputFile::open(&path).is_err(), "{}", path.display());
    }
    assert!(names(folder.path()).is_empty());
}
