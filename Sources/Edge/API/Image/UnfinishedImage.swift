import APIKit
import HTTPTypes

/// Glance's routes that are known and not there yet.
enum UnfinishedImageAPI {
    static var routes: [Route] {
        [
            .unfinished(.get, "/images/{id}/tasks"), .unfinished(.get, "/images/{id}/locations"),
            .unfinished(.post, "/images/{id}/locations"), .unfinished(.delete, "/stores/{store}/{id}"),
            .unfinished(.get, "/info/usage"), .unfinished(.get, "/info/stores/detail"),
            .unfinished(.get, "/tasks"), .unfinished(.post, "/tasks"), .unfinished(.get, "/tasks/{id}"),
            .unfinished(.get, "/cache"), .unfinished(.delete, "/cache"),
            .unfinished(.put, "/cache/{id}"), .unfinished(.delete, "/cache/{id}"),
            .unfinished(.get, "/schemas/task"), .unfinished(.get, "/schemas/tasks"),
            .unfinished(.post, "/metadefs/namespaces"),
            .unfinished(.put, "/metadefs/namespaces/{namespace}"),
            .unfinished(.delete, "/metadefs/namespaces/{namespace}"),
            .unfinished(.post, "/metadefs/namespaces/{namespace}/resource_types"),
            .unfinished(.delete, "/metadefs/namespaces/{namespace}/resource_types/{name}"),
        ]
            + ["objects", "properties", "tags"].flatMap { kind -> [Route] in
                let path = "/metadefs/namespaces/{namespace}/\(kind)"
                return [
                    .unfinished(.post, path), .unfinished(.delete, path), .unfinished(.get, path + "/{name}"),
                    .unfinished(.post, path + "/{name}"), .unfinished(.put, path + "/{name}"),
                    .unfinished(.delete, path + "/{name}"),
                ]
            }
    }
}
