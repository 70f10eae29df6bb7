import Foundation
import os.log

/// What can go wrong while a download is under way.
enum DownloadError: Error {
    case badStatus(Int)
    case emptyBody
    case cancelled
    case tooLarge(Int)
}

final class Downloader {
    private let session: URLSession
    private let log = Logger(subsystem: "depot", category: "download")
    private var running: [URL: Task<Data, Error>] = [:]

    init(session: URLSession = .shared) {
        self.session = session
    }

    func data(from url: URL) async throws -> Data {
        if let task = running[url] {
            return try await task.value
        }
        let task = Task { try await load(url) }
        running[url] = task
        defer { running[url] = nil }
        return try await task.value
    }

    func string(from url: URL) async throws -> String {
        let data = try await data(from: url)
        return String(decoding: data, as: UTF8.self)
    }

    func cancel(_ url: URL) {
        running[url]?.cancel()
        running[url] = nil
    }

    private func load(_ url: URL) async throws -> Data {
        let (data, response) = try await session.data(from: url)
        if let http = response as? HTTPURLResponse {
            guard http.statusCode == 200 else {
                throw DownloadError.badStatus(http.statusCode)
            }
        }
        if data.isEmpty {
            throw DownloadError.emptyBody
        }
        guard data.count <= 50_000_000 else {
            throw DownloadError.tooLarge(data.count)
        }
        return data
    }
}

extension DownloadError: LocalizedError {
    var errorDescription: String? {
        switch self {
        case .badStatus(let code):
            return "The server answered \(code)."
        case .emptyBody:
            return "The server sent nothing."
        case .cancelled:
            return "The download was cancelled."
        case .tooLarge(let size):
            return "The file is too large (\(size) bytes)."
        }
    }
}
