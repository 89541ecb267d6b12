import Foundation

/// A call on a file that the system has refused.
package struct FileFailure: Error, CustomStringConvertible {
    package var call: String
    package var path: String
    package var code: Int32

    package init(_ call: String, _ path: String, code: Int32 = errno) {
        self.call = call
        self.path = path
        self.code = code
    }

    package var reason: String { String(cString: strerror(code)) }

    package var description: String { "\(call) \(path): \(reason)" }
}
