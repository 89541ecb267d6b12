/// Links of this cloud that somebody gave other names. Each carries its own name in its alias.
struct RenamedLinks {
    let present: [String: LinkState]
    let names: DataplaneNames

    /// What each of them was called, by what it is called now.
    var formerNames: [String: String] {
        present.compactMapValues { $0.ifalias }.filter { $0.key != $0.value && names.owns(link: $0.value) }
    }

    /// Those that get their names back. Where another link has the name meanwhile, the renamed one gets it only if
    /// something holds the renamed one and nothing holds the other.
    func returning(to wanted: Set<String>) -> [String: String] {
        var taken: Set<String> = []
        return formerNames.sorted { $0.key < $1.key }.reduce(into: [:]) { result, pair in
            let (link, name) = pair
            guard wanted.contains(name), !taken.contains(name) else { return }
            if let other = present[name], other.hasCarrier || present[link]?.hasCarrier != true { return }
            taken.insert(name)
            result[link] = name
        }
    }

    /// Older kernels rename no link that is up.
    func commands(_ returning: [String: String]) -> [String] {
        returning.sorted { $0.key < $1.key }.flatMap { link, name in
            (present[name] == nil ? [] : ["link del \(name)"])
                + ["link set \(link) down", "link set \(link) name \(name)"]
        }
    }
}

extension DataplaneNames {
    /// Every root-namespace link of this cloud, whatever it is called now.
    func links(among present: [String: LinkState]) -> [String] {
        present.filter { owns(link: $0.key) || $0.value.ifalias.map(owns(link:)) == true }.keys.sorted()
    }
}
