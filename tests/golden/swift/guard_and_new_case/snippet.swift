// ... existing code ...

enum DownloadError: Error {
    // ... existing cases ...
    case cancelled
    case tooLarge(Int)
}

// ... existing code ...

    private func load(_ url: URL) async throws -> Data {
        // ... existing code ...
        if data.isEmpty {
            throw DownloadError.emptyBody
        }
        guard data.count <= 50_000_000 else {
            throw DownloadError.tooLarge(data.count)
        }
        return data
    }
}

// ... existing code ...
        case .cancelled:
            return "The download was cancelled."
        case .tooLarge(let size):
            return "The file is too large (\(size) bytes)."
        }
    }
}
