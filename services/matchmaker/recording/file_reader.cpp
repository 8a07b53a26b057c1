#include "services/matchmaker/recording/file_reader.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include "services/matchmaker/recording/blocks.h"
#include "services/matchmaker/recording/bytes.h"
#include "services/matchmaker/recording/checksum.h"

namespace mm::matchmaker::recording {
namespace {

struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

struct FileReader::State {
  std::string path;
  std::ifstream file;
  FileHead head;
  std::unique_ptr<ZSTD_DCtx, FreeDecompressor> decompressor{ZSTD_createDCtx()};
  std::uint64_t at = 0;      ///< byte position of the next block
  std::uint64_t blocks = 0;  ///< read so far
  std::string failure;

  struct Stored {
    Block kind = Block::end;
    std::size_t raw = 0;
    std::string body;
  };

  Read damaged(const std::string& what) {
    failure = path + ": block " + std::to_string(blocks + 1) + ", at byte " + std::to_string(at) + ", " + what;
    return Read::damaged;
  }

  /// Returns Read::events for a block of any kind.
  Read next_block(Stored& block) {
    std::string bytes(kBlockHead, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    const auto got = static_cast<std::size_t>(file.gcount());
    if (got == 0) return Read::unfinished;
    if (got < bytes.size()) return damaged("is cut off");
    ByteReader reader(bytes);
    const std::uint32_t size = reader.u32();
    const std::uint32_t checksum = reader.u32();
    block.kind = static_cast<Block>(reader.byte());
    block.raw = reader.u32();
    if (size > kMaxStoredBytes || block.raw > kMaxRawBytes) return damaged("is larger than a block may be");
    if (!read_body(size, block.body)) return damaged("is cut off");
    const std::string_view checked = std::string_view(bytes).substr(8);
    if (crc32c(block.body, crc32c(checked)) != checksum) return damaged("is damaged: its checksum differs");
    at += kBlockHead + size;
    ++blocks;
    return Read::events;
  }

  // Reads in steps, so that a damaged size uses no more memory than the file has bytes.
  bool read_body(std::size_t size, std::string& body) {
    constexpr std::size_t kStep = 1024 * 1024;
    body.clear();
    while (body.size() < size) {
      const std::size_t before = body.size();
      const std::size_t step = std::min(kStep, size - before);
      body.resize(before + step);
      file.read(body.data() + before, static_cast<std::streamsize>(step));
      if (static_cast<std::size_t>(file.gcount()) < step) return false;
    }
    return true;
  }

  Read decompress(const Stored& block, std::string& piece) {
    piece.resize(block.raw);
    ZSTD_inBuffer in{block.body.data(), block.body.size(), 0};
    ZSTD_outBuffer out{piece.data(), piece.size(), 0};
    while (in.pos < in.size) {
      const std::size_t in_before = in.pos;
      const std::size_t out_before = out.pos;
      const std::size_t hint = ZSTD_decompressStream(decompressor.get(), &out, &in);
      if (ZSTD_isError(hint) != 0) return damaged(std::string("cannot be decompressed: ") + ZSTD_getErrorName(hint));
      if (in.pos == in_before && out.pos == out_before) break;
    }
    if (out.pos < out.size || in.pos < in.size) return damaged("does not decompress to the size in its header");
    return Read::events;
  }
};

FileReader::FileReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
FileReader::FileReader(FileReader&&) noexcept = default;
FileReader::~FileReader() = default;

Result<FileReader, std::string> FileReader::open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->file.open(path, std::ios::binary);
  std::string begin(kFileHead, '\0');
  if (!state->file) return fail(path + ": " + std::strerror(errno));
  state->file.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  if (static_cast<std::size_t>(state->file.gcount()) < begin.size() || !begin.starts_with(kMagic)) {
    return fail(path + " is not a recording");
  }
  const std::uint32_t version = ByteReader(std::string_view(begin).substr(kMagic.size())).u32();
  if (version != kVersion) {
    return fail(path + " is a recording of version " + std::to_string(version) + "; this program reads version " +
                std::to_string(kVersion));
  }
  state->at = kFileHead;
  State::Stored block;
  const Read read = state->next_block(block);
  if (read == Read::damaged) return fail(state->failure);
  if (read != Read::events || block.kind != Block::head) return fail(path + ": has no head");
  ByteReader reader(block.body);
  state->head.instance = reader.text();
  state->head.started_at = TimePoint(Milliseconds(static_cast<std::int64_t>(reader.varint())));
  state->head.part = static_cast<int>(reader.varint());
  if (reader.failed()) return fail(path + ": its head is malformed");
  return FileReader(std::move(state));
}

const FileHead& FileReader::head() const { return state_->head; }
const std::string& FileReader::failure() const { return state_->failure; }

FileReader::Read FileReader::next(std::string& piece) {
  piece.clear();
  if (!state_->failure.empty()) return Read::damaged;
  State::Stored block;
  const Read read = state_->next_block(block);
  if (read != Read::events) return read;
  if (block.kind == Block::end) return Read::end;
  if (block.kind != Block::events) return state_->damaged("has an unknown kind");
  return state_->decompress(block, piece);
}

}  // namespace mm::matchmaker::recording
