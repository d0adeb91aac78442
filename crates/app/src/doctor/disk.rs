//! The file system of the data folder: what kind it is, and how much is free before writes are refused.

use std::path::Path;

use super::Finding;
use super::units::bytes;
use crate::config::Config;

const CHECK: &str = "disk";
/// The log refuses sooner on a small file system: at a twentieth of it.
const RESERVE_SHARE: u64 = 20;
/// Free space below so many reserves will not last.
const RESERVES_NEEDED: u64 = 8;

/// What the system says of a file system.
struct Disk {
    kind: u64,
    free_bytes: u64,
    size_bytes: u64,
    read_only: bool,
}

pub(super) fn check(folder: &Path, config: &Config) -> Finding {
    let read = rustix::fs::statvfs(folder).and_then(|space| Ok((space, rustix::fs::statfs(folder)?)));
    match read {
        Ok((space, kind)) => judge(
            &Disk {
                kind: kind_of(&kind),
                free_bytes: space.f_bavail.saturating_mul(space.f_frsize),
                size_bytes: space.f_blocks.saturating_mul(space.f_frsize),
                read_only: space.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY),
            },
            &folder.display().to_string(),
            config.log.min_free_bytes,
        ),
        Err(error) => Finding::warn(CHECK, format!("{}: {error}", folder.display()), "look at the folder by hand"),
    }
}

/// The magic number, which the system keeps in a signed field that some of them overflow.
fn kind_of(stat: &rustix::fs::StatFs) -> u64 {
    stat.f_type as u64 & 0xffff_ffff
}

fn judge(disk: &Disk, folder: &str, min_free_bytes: u64) -> Finding {
    let name = name_of(disk.kind);
    let reserve_bytes = min_free_bytes.min(disk.size_bytes / RESERVE_SHARE);
    let found = format!(
        "{folder}: {name}, {} free of {}; below {} writes are refused",
        bytes(disk.free_bytes),
        bytes(disk.size_bytes),
        bytes(reserve_bytes)
    );
    if disk.read_only {
        return Finding::fail(CHECK, format!("{found}; mounted read-only"), "mount it for writing");
    }
    if disk.free_bytes < reserve_bytes {
        let advice = "free space or move the data folder; writes are answered `storage-full` until then, reads go on";
        return Finding::fail(CHECK, found, advice);
    }
    if let Some(advice) = advice_on(name) {
        return Finding::warn(CHECK, found, advice);
    }
    if disk.free_bytes < reserve_bytes.saturating_mul(RESERVES_NEEDED) {
        let advice = "this will not last: free space, or lower log.retention_bytes and log.retention_age_ms";
        return Finding::warn(CHECK, found, advice);
    }
    Finding::ok(CHECK, found)
}

fn name_of(kind: u64) -> &'static str {
    match kind {
        0xef53 => "ext4",
        0x5846_5342 => "xfs",
        0x9123_683e => "btrfs",
        0x2fc1_2fc1 => "zfs",
        0xf2f5_2010 => "f2fs",
        0x0102_1994 => "tmpfs",
        0x8584_58f6 => "ramfs",
        0x794c_7630 => "overlay",
        0x6969 => "nfs",
        0xff53_4d42 | 0xfe53_4d42 | 0x517b => "cifs",
        0x6573_5546 => "fuse",
        0x0102_1997 => "9p",
        _ => "another file system",
    }
}

fn advice_on(name: &str) -> Option<&'static str> {
    match name {
        "tmpfs" | "ramfs" => Some("this is memory: everything is lost when the machine stops; use a disk"),
        "overlay" => Some("this is a container's own layer, which goes with the container: mount a volume here"),
        "nfs" | "cifs" | "fuse" | "9p" => {
            Some("locks and syncs of network file systems are not to be relied on: use a local disk")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    const GIB: u64 = 1 << 30;

    fn disk(kind: u64, free_bytes: u64) -> Disk {
        Disk { kind, free_bytes, size_bytes: 100 * GIB, read_only: false }
    }

    fn verdict(disk: &Disk) -> Verdict {
        judge(disk, "/d", GIB / 4).verdict
    }

    #[test]
    fn a_local_disk_with_space_is_well() {
        let finding = judge(&disk(0xef53, 50 * GIB), "/d", GIB / 4);
        assert_eq!(finding, Finding::ok(CHECK, "/d: ext4, 50.0 GiB free of 100 GiB; below 256 MiB writes are refused"));
    }

    #[test]
    fn little_space_is_told_before_writes_are_refused() {
        assert_eq!(verdict(&disk(0xef53, GIB)), Verdict::Warn);
        assert_eq!(verdict(&disk(0xef53, GIB / 8)), Verdict::Fail);
        // A small disk has a smaller reserve.
        assert_eq!(verdict(&Disk { size_bytes: GIB, ..disk(0xef53, GIB / 2) }), Verdict::Ok);
    }

    #[test]
    fn what_does_not_keep_is_told() {
        for kind in [0x0102_1994, 0x794c_7630, 0x6969] {
            assert_eq!(verdict(&disk(kind, 50 * GIB)), Verdict::Warn, "{kind:x}");
        }
        assert_eq!(verdict(&Disk { read_only: true, ..disk(0xef53, 50 * GIB) }), Verdict::Fail);
    }
}
