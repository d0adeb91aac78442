//! Which crate may know which: arrows point one way, from the program to the domain.

use cargo_metadata::{Dependency, DependencyKind, MetadataCommand, Package};

use crate::{assert_tidy, root};

/// A kind of room; all engines are alike, and all services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    Domain,
    Ports,
    Conformance,
    Stream,
    Engine,
    Service,
    Contracts,
    Edge,
    App,
    Playhead,
    Loadgen,
    Testkit,
    Xtask,
    Bench,
}

impl Room {
    /// By the folder, which is what makes an engine an engine.
    fn of_folder(folder: &str) -> Option<Self> {
        Some(match folder.split('/').collect::<Vec<_>>()[..] {
            // It measures whatever there is, and nothing knows it.
            ["bench"] => Self::Bench,
            ["crates", "domain"] => Self::Domain,
            ["crates", "ports"] => Self::Ports,
            ["crates", "conformance"] => Self::Conformance,
            ["crates", "stream"] => Self::Stream,
            ["crates", "engines", _] => Self::Engine,
            ["crates", "services", _] => Self::Service,
            ["crates", "contracts"] => Self::Contracts,
            ["crates", "edge"] => Self::Edge,
            ["crates", "app"] => Self::App,
            ["crates", "playhead"] => Self::Playhead,
            ["crates", "loadgen"] => Self::Loadgen,
            ["crates", "testkit"] => Self::Testkit,
            ["crates", "xtask"] => Self::Xtask,
            _ => return None,
        })
    }

    /// The rooms that this one may know.
    fn may_know(self) -> &'static [Self] {
        use Room::{App, Contracts, Domain, Edge, Engine, Loadgen, Ports, Service, Stream, Testkit};
        match self {
            Self::Domain | Self::Xtask => &[],
            Self::Ports | Self::Contracts => &[Domain],
            Self::Conformance | Self::Stream | Self::Engine => &[Domain, Ports],
            // Never another service: they meet through events or a port.
            Self::Service => &[Domain, Ports, Stream, Contracts],
            Self::Edge => &[Domain, Ports, Service, Contracts],
            // Alone in naming engines.
            Self::App => &[Domain, Ports, Stream, Engine, Service, Edge],
            Self::Playhead => &[Domain, Ports, Contracts, App, Loadgen],
            Self::Loadgen => &[Domain, Contracts],
            Self::Testkit => &[Domain, Ports, Contracts],
            Self::Bench => &[Domain, Ports, Contracts, Stream, Engine, Service, Edge, App, Loadgen, Testkit],
        }
    }

    /// The rooms that the tests of this one may know besides.
    fn tests_may_know(self) -> &'static [Self] {
        match self {
            Self::Domain | Self::Ports | Self::Xtask => &[],
            _ => &[Self::Engine, Self::Conformance, Self::Testkit],
        }
    }
}

/// Crates of others that only some of ours may know, tests included. A name that ends with `*` is a prefix.
const RESERVED: [(&str, &[&str]); 5] = [
    ("axum*", &["playhead-edge"]),
    ("tonic*", &["playhead-edge", "playhead-contracts", "playhead-loadgen", "playhead-testkit", "playhead-bench"]),
    ("duckdb", &["playhead-duckdb", "playhead-bench"]),
    ("arrow*", &["playhead-duckdb"]),
    ("fjall", &["playhead-fjall"]),
];

#[test]
fn each_crate_knows_only_what_it_may() {
    let packages = packages();
    let rooms: Vec<(&Package, Option<Room>)> = packages.iter().map(|package| (package, room_of(package))).collect();
    let mut wrong = Vec::new();
    for (package, room) in &rooms {
        let Some(room) = room else {
            wrong.push(format!("{}: no rule says what a crate at {} is", package.name, package.manifest_path));
            continue;
        };
        for dependency in &package.dependencies {
            let target = rooms.iter().find(|(other, _)| *other.name == dependency.name);
            let Some(known) = target.and_then(|(_, known)| *known) else { continue };
            if !may(*room, known, dependency.kind) {
                let kind = dependency.kind;
                wrong.push(format!("{} must not know {} ({kind} dependency)", package.name, dependency.name));
            }
        }
    }
    assert_tidy(&wrong);
}

#[test]
fn only_some_crates_know_servers_and_drivers() {
    let packages = packages();
    let of_package = |package: &Package| {
        let owner = package.name.to_string();
        let forbidden = package.dependencies.iter().filter(|dependency| is_reserved_from(&owner, dependency));
        forbidden.map(|dependency| format!("{owner} must not know {}", dependency.name)).collect::<Vec<_>>()
    };
    assert_tidy(&packages.iter().flat_map(of_package).collect::<Vec<_>>());
}

fn packages() -> Vec<Package> {
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec().expect("cargo describes the workspace");
    assert!(metadata.packages.len() > 10, "cargo lists only {} crates", metadata.packages.len());
    metadata.packages
}

fn room_of(package: &Package) -> Option<Room> {
    let folder = package.manifest_path.parent()?.as_std_path().strip_prefix(root()).ok()?;
    Room::of_folder(folder.to_str()?)
}

fn may(room: Room, known: Room, kind: DependencyKind) -> bool {
    room.may_know().contains(&known) || (kind == DependencyKind::Development && room.tests_may_know().contains(&known))
}

fn is_reserved_from(owner: &str, dependency: &Dependency) -> bool {
    RESERVED.iter().any(|(name, owners)| {
        let is_it = match name.strip_suffix('*') {
            Some(prefix) => dependency.name.starts_with(prefix),
            None => dependency.name == *name,
        };
        is_it && !owners.contains(&owner)
    })
}

#[test]
fn the_rules_refuse_what_the_house_forbids() {
    use DependencyKind::{Development, Normal};
    use Room::{App, Conformance, Contracts, Domain, Edge, Engine, Playhead, Ports, Service};
    let forbidden = [
        (Service, Service, Normal),
        (Service, Engine, Normal),
        (Engine, Service, Development),
        (Engine, Engine, Normal),
        (Engine, Contracts, Normal),
        (Engine, Conformance, Normal),
        (Edge, Engine, Normal),
        (Edge, App, Normal),
        (Playhead, Edge, Normal),
        (Playhead, Service, Development),
        (Ports, Engine, Development),
        (Domain, Ports, Normal),
    ];
    for (room, known, kind) in forbidden {
        assert!(!may(room, known, kind), "{room:?} -> {known:?} ({kind})");
    }
    let allowed = [(App, Engine, Normal), (Engine, Engine, Development), (Engine, Conformance, Development)];
    for (room, known, kind) in allowed {
        assert!(may(room, known, kind), "{room:?} -> {known:?} ({kind})");
    }
}
