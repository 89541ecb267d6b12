import APIKit
import Attributes

extension APIRequest {
    var listParameters: ListParameters { ListParameters(queryParameters.grouped) }
}
