package import Model

/// One disk of a guest. None is special: the guest boots from the one with the lowest boot index.
package struct GuestDisk: Codable, Sendable, Equatable {
    package enum Role: String, Codable, Sendable { case root, ephemeral, swap, config, rescue }

    /// What is on it when it is made.
    package enum Source: Sendable, Equatable {
        case image(ImageReference)
        case blank(Format)
        /// What `HostChannel.configDrive` says, as ISO 9660 labelled `config-2`.
        case configDrive
        /// What another disk of the server holds when this one is made, with the image that it is made of, if any.
        case copy(of: String, ImageReference?)
    }

    package enum Format: String, Codable, Sendable { case none, ext4, swap }

    /// Lower-case letters, digits and dashes; part of a file's name on the host, and never given to another disk of the
    /// server.
    package var id: String
    package var role: Role
    package var source: Source
    /// 0: as large as its source.
    package var sizeBytes: Int64
    /// Such as `virtio`; `nil`: what the image asks for.
    package var bus: String?
    package var bootIndex: Int?
    /// What the guest reads from the disk itself.
    package var serial: String?
    package var isReadOnly: Bool
    /// On the host, and not in the guest.
    package var isKept: Bool

    package init(
        id: String, role: Role, source: Source, sizeBytes: Int64 = 0, bus: String? = nil, bootIndex: Int? = nil,
        serial: String? = nil, isReadOnly: Bool = false, isKept: Bool = false
    ) {
        self.id = id
        self.role = role
        self.source = source
        self.sizeBytes = sizeBytes
        self.bus = bus
        self.bootIndex = bootIndex
        self.serial = serial
        self.isReadOnly = isReadOnly
        self.isKept = isKept
    }

    package var image: ImageReference? {
        switch source {
        case .image(let image): image
        case .copy(_, let image): image
        case .blank, .configDrive: nil
        }
    }

    private enum CodingKeys: String, CodingKey {
        case id, role, source, sizeBytes, bus, bootIndex, serial, isReadOnly, isKept
    }

    /// Documents of earlier releases keep no disk apart.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try values.decode(String.self, forKey: .id), role: try values.decode(Role.self, forKey: .role),
            source: try values.decode(Source.self, forKey: .source),
            sizeBytes: try values.decode(Int64.self, forKey: .sizeBytes),
            bus: try values.decodeIfPresent(String.self, forKey: .bus),
            bootIndex: try values.decodeIfPresent(Int.self, forKey: .bootIndex),
            serial: try values.decodeIfPresent(String.self, forKey: .serial),
            isReadOnly: try values.decode(Bool.self, forKey: .isReadOnly),
            isKept: try values.decodeIfPresent(Bool.self, forKey: .isKept) ?? false)
    }
}

extension GuestDisk.Source: Codable {
    private enum Kind: String, Codable { case image, blank, configDrive, copy }
    private enum CodingKeys: String, CodingKey { case kind, image, format, disk }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self =
            switch try values.decode(Kind.self, forKey: .kind) {
            case .image: .image(try values.decode(ImageReference.self, forKey: .image))
            case .blank: .blank(try values.decode(GuestDisk.Format.self, forKey: .format))
            case .configDrive: .configDrive
            case .copy:
                .copy(
                    of: try values.decode(String.self, forKey: .disk),
                    try values.decodeIfPresent(ImageReference.self, forKey: .image))
            }
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .image(let image):
            try values.encode(Kind.image, forKey: .kind)
            try values.encode(image, forKey: .image)
        case .blank(let format):
            try values.encode(Kind.blank, forKey: .kind)
            try values.encode(format, forKey: .format)
        case .configDrive: try values.encode(Kind.configDrive, forKey: .kind)
        case .copy(let disk, let image):
            try values.encode(Kind.copy, forKey: .kind)
            try values.encode(disk, forKey: .disk)
            try values.encodeIfPresent(image, forKey: .image)
        }
    }
}

/// The disks that a flavor gives a server which boots from an image.
package struct FlavorDisks: Codable, Sendable, Equatable {
    package var image: ImageReference
    /// GiB; 0 means the image's own virtual size.
    package var rootGiB: Int
    /// One disk each, GiB.
    package var ephemeralGiB: [Int]
    /// MiB; 0 for none.
    package var swapMiB: Int
    package var configDrive: Bool

    package init(image: ImageReference, rootGiB: Int, ephemeralGiB: [Int] = [], swapMiB: Int = 0, configDrive: Bool) {
        self.image = image
        self.rootGiB = rootGiB
        self.ephemeralGiB = ephemeralGiB
        self.swapMiB = swapMiB
        self.configDrive = configDrive
    }

    package var list: [GuestDisk] {
        var list = [
            GuestDisk(
                id: "root", role: .root, source: .image(image), sizeBytes: Int64(rootGiB) << 30, bootIndex: 0,
                isReadOnly: image.format == .iso)
        ]
        for (index, size) in ephemeralGiB.enumerated() {
            list.append(
                GuestDisk(
                    id: "ephemeral\(index)", role: .ephemeral, source: .blank(.ext4), sizeBytes: Int64(size) << 30))
        }
        if swapMiB > 0 {
            list.append(GuestDisk(id: "swap", role: .swap, source: .blank(.swap), sizeBytes: Int64(swapMiB) << 20))
        }
        if configDrive {
            list.append(GuestDisk(id: "config", role: .config, source: .configDrive, isReadOnly: true))
        }
        return list
    }
}

/// An image as a host fetches it. The bytes must hash to `sha512` and be of `format`, or the build fails.
package struct ImageReference: Codable, Sendable, Equatable, Hashable {
    package var id: ImageID
    /// Lower-case hexadecimal; also the key of the host's image cache.
    package var sha512: String
    package var format: DiskFormat
    /// Bytes of the stored file.
    package var sizeBytes: Int64
    /// Bytes of the root disk, where the flavor sets no bound and the image's size is the disk's.
    package var rootBytes: Int64?

    package init(id: ImageID, sha512: String, format: DiskFormat, sizeBytes: Int64) {
        self.id = id
        self.sha512 = sha512
        self.format = format
        self.sizeBytes = sizeBytes
    }
}
