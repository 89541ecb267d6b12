package import HTTPTypes
import Hummingbird
package import NIOCore
package import Wire

package struct APIResponse: Sendable {
    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        case buffer(ByteBuffer)
        /// Bytes asked for at the reader's pace, until `nil`; the length is known.
        case stream(length: Int, next: @Sendable () async throws -> [UInt8]?)
        /// What becomes of the connection: it is no more HTTP's.
        case webSocket(WebSocketAnswer)
    }

    package var status: HTTPResponse.Status
    package var headers: HTTPFields
    package var body: Body

    package init(_ status: HTTPResponse.Status, headers: HTTPFields = [:], body: Body = .none) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package static func json(
        _ status: HTTPResponse.Status = .ok, reserving capacity: Int = 512,
        _ write: (inout JSONWriter) throws -> Void
    ) rethrows -> APIResponse {
        var buffer = ByteBufferAllocator().buffer(capacity: capacity)
        var grown: [UInt8]?
        try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: capacity) { memory in
            switch try JSONWriter.fill(memory, { try $0.object(write) }) {
            case .inPlace(let count): return count
            case .elsewhere(let bytes):
                grown = bytes
                return 0
            }
        }
        if let grown {
            buffer = ByteBuffer(bytes: grown)
        } else if buffer.readableBytes < buffer.capacity / 3 {
            // Copied, so that a client that reads slowly holds the bytes of its answer and not the whole buffer.
            buffer = ByteBuffer(bytes: buffer.readableBytesView)
        }
        return APIResponse(status, headers: [.contentType: "application/json"], body: .buffer(buffer))
    }

    package static var noContent: APIResponse { APIResponse(.noContent) }
    package static var accepted: APIResponse { APIResponse(.accepted) }

    package func header(_ name: HTTPField.Name, _ value: String) -> APIResponse {
        var changed = self
        changed.headers[name] = value
        return changed
    }

    func response(withBody: Bool) -> Response {
        var fields = headers
        switch body {
        case .none, .webSocket:
            if status != .noContent { fields[.contentLength] = "0" }
            return Response(status: status, headers: fields)
        case .bytes(let bytes): return whole(ByteBuffer(bytes: bytes), fields, withBody)
        case .buffer(let buffer): return whole(buffer, fields, withBody)
        case .stream(let length, let next):
            fields[.contentLength] = String(length)
            guard withBody else { return Response(status: status, headers: fields) }
            let body = ResponseBody(contentLength: length) { writer in
                while let bytes = try await next() { try await writer.write(ByteBuffer(bytes: bytes)) }
                try await writer.finish(nil)
            }
            return Response(status: status, headers: fields, body: body)
        }
    }

    private func whole(_ buffer: ByteBuffer, _ headers: HTTPFields, _ withBody: Bool) -> Response {
        var fields = headers
        fields[.contentLength] = String(buffer.readableBytes)
        guard withBody else { return Response(status: status, headers: fields) }
        return Response(status: status, headers: fields, body: .init(byteBuffer: buffer))
    }
}
