#include "services/matchmaker/recording/file_writer.h"

#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>

#include "services/matchmaker/recording/blocks.h"
#include "services/matchmaker/recording/bytes.h"
#include "services/matchmaker/recording/checksum.h"

namespace mm::matchmaker::recording {
namespace {

constexpr int kLevel = 3;
constexpr mode_t kMode = 0640;

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

}  // namespace

struct FileWriter::State {
  std::string path;
  int file = -1;
  std::unique_ptr<ZSTD_CCtx, FreeCompressor> compressor{ZSTD_createCCtx()};
  std::string stored;
  std::uint64_t bytes = 0;

  ~State() {
    if (file >= 0) ::close(file);
  }

  /// Truncates the file to its last whole block, and closes it.
  Failure<std::string> give_up(const std::string& why) {
    static_cast<void>(::ftruncate(file, static_cast<off_t>(bytes)));
    ::close(file);
    file = -1;
    return fail(path + ": " + why);
  }

  Result<Done, std::string> append(std::string_view text) {
    if (file < 0) return fail(path + ": is closed");
    for (std::string_view rest = text; !rest.empty();) {
      const ssize_t written = ::write(file, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return give_up(std::strerror(errno));
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
    bytes += text.size();
    return Done{};
  }

  Result<Done, std::string> append_block(Block kind, std::size_t raw, std::string_view body) {
    std::string block;
    std::string checked;
    checked.push_back(static_cast<char>(kind));
    put_u32(checked, static_cast<std::uint32_t>(raw));
    put_u32(block, static_cast<std::uint32_t>(body.size()));
    put_u32(block, crc32c(body, crc32c(checked)));
    block += checked;
    block += body;
    return append(block);
  }

  /// Compresses and flushes all of `piece`, so that it can be read without later blocks.
  Result<Done, std::string> compress(std::string_view piece) {
    stored.resize(ZSTD_compressBound(piece.size()) + ZSTD_CStreamOutSize());
    ZSTD_inBuffer in{piece.data(), piece.size(), 0};
    ZSTD_outBuffer out{stored.data(), stored.size(), 0};
    for (std::size_t left = 1; left > 0;) {
      left = ZSTD_compressStream2(compressor.get(), &out, &in, ZSTD_e_flush);
      if (ZSTD_isError(left) != 0) return fail(path + ": " + ZSTD_getErrorName(left));
      if (left == 0) break;
      stored.resize(stored.size() * 2);
      out = {stored.data(), stored.size(), out.pos};
    }
    stored.resize(out.pos);
    return Done{};
  }
};

FileWriter::FileWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
FileWriter::FileWriter(FileWriter&&) noexcept = default;
FileWriter& FileWriter::operator=(FileWriter&&) noexcept = default;

FileWriter::~FileWriter() {
  if (state_) static_cast<void>(finish());
}

Result<FileWriter, std::string> FileWriter::create(const std::string& path, const FileHead& head) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode);
  if (state->file < 0) return fail(path + ": " + std::strerror(errno));
  if (state->compressor == nullptr) return fail(path + ": no memory to compress with");
  ZSTD_CCtx_setParameter(state->compressor.get(), ZSTD_c_compressionLevel, kLevel);
  std::string begin(kMagic);
  put_u32(begin, kVersion);
  if (auto done = state->append(begin); !done) return fail(done.error());
  std::string text;
  put_text(text, head.instance);
  put_varint(text, static_cast<std::uint64_t>(head.started_at.time_since_epoch().count()));
  put_varint(text, static_cast<std::uint64_t>(head.part));
  if (auto done = state->append_block(Block::head, text.size(), text); !done) return fail(done.error());
  return FileWriter(std::move(state));
}

Result<Done, std::string> FileWriter::write(std::string_view piece) {
  if (auto done = state_->compress(piece); !done) return done;
  return state_->append_block(Block::events, piece.size(), state_->stored);
}

Result<Done, std::string> FileWriter::finish() {
  if (state_->file < 0) return Done{};
  auto done = state_->append_block(Block::end, 0, {});
  const bool closed = ::close(state_->file) == 0;
  state_->file = -1;
  if (done && !closed) return fail(state_->path + ": " + std::strerror(errno));
  return done;
}

std::uint64_t FileWriter::bytes() const { return state_->bytes; }
const std::string& FileWriter::path() const { return state_->path; }

}  // namespace mm::matchmaker::recording
