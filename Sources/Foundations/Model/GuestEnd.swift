/// Why a guest is off, as its hypervisor tells it.
package enum GuestEnd: String, Codable, Sendable {
    /// By itself, or because it was asked to.
    case poweredOff
    /// Its power was taken away.
    case destroyed
    /// It, or the process that it ran in, came to a sudden end.
    case crashed

    /// For users, of a guest that nobody has stopped through the API.
    package var words: String {
        switch self {
        case .poweredOff: "The guest powered itself off."
        case .destroyed: "The guest's power was taken away on its host."
        case .crashed: "The guest crashed, or the process that it ran in was killed."
        }
    }
}
