/// Glance's record of an image; the bytes are in the image store, in a file of their own.
package struct Image: Sendable, Equatable {
    package enum Status: String, Sendable { case queued, saving, active, deactivated, killed, deleted }
    package enum Visibility: String, Sendable { case `public`, `private`, shared, community }

    package var id: ImageID
    package var projectID: ProjectID
    package var name: String?
    package var status: Status = .queued
    package var visibility: Visibility = .shared
    package var isProtected: Bool = false
    package var isHidden: Bool = false
    package var diskFormat: String?
    package var containerFormat: String?
    /// GiB.
    package var minDisk: Int = 0
    /// MiB.
    package var minRAM: Int = 0
    /// Bytes; `nil` until the data is there.
    package var size: Int?
    /// Bytes the guest sees.
    package var virtualSize: Int?
    /// MD5, Glance's `checksum`.
    package var checksum: String?
    /// SHA-512, Glance's `os_hash_value`.
    package var sha512: String?
    package var properties: JSONText<[String: String]>
    package var tags: JSONText<[String]>
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// Whether its data waits to be imported, or comes in for that.
    package var isStaged: Bool = false
    /// The upload that its data came by or comes in by; `nil` also where an older release took them.
    package var upload: String?
    /// Until when an upload that is under way holds the image.
    package var uploadUntil: Timestamp

    /// No two uploads write to one file, not even of one image.
    package var fileName: String { upload.map { "\(id).\($0)" } ?? id.text }

    package init(
        id: ImageID, projectID: ProjectID, name: String? = nil, status: Status = .queued,
        visibility: Visibility = .shared, isProtected: Bool = false, isHidden: Bool = false,
        diskFormat: String? = nil, containerFormat: String? = nil, minDisk: Int = 0, minRAM: Int = 0,
        size: Int? = nil, virtualSize: Int? = nil, checksum: String? = nil, sha512: String? = nil,
        properties: JSONText<[String: String]>, tags: JSONText<[String]>, createdAt: Timestamp, updatedAt: Timestamp,
        isStaged: Bool = false, upload: String? = nil,
        uploadUntil: Timestamp = Timestamp(microseconds: 0)
    ) {
        self.id = id
        self.projectID = projectID
        self.name = name
        self.status = status
        self.visibility = visibility
        self.isProtected = isProtected
        self.isHidden = isHidden
        self.diskFormat = diskFormat
        self.containerFormat = containerFormat
        self.minDisk = minDisk
        self.minRAM = minRAM
        self.size = size
        self.virtualSize = virtualSize
        self.checksum = checksum
        self.sha512 = sha512
        self.properties = properties
        self.tags = tags
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.isStaged = isStaged
        self.upload = upload
        self.uploadUntil = uploadUntil
    }
}
