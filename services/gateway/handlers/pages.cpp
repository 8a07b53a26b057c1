#include "services/gateway/handlers/pages.h"

#include "common/wire/codec.h"
#include "services/gateway/api/messages.h"
#include "services/gateway/docs/advice.h"
#include "services/gateway/exchange/exchange.h"

namespace mm::gateway::pages {
namespace {

constexpr std::string_view kPagePolicy =
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

bool accepts_gzip(const Exchange& x) {
  const auto* accepted = x.request.header("accept-encoding");
  return accepted != nullptr && accepted->find("gzip") != std::string::npos &&
         accepted->find("gzip;q=0") == std::string::npos;
}

/// Refuses the request and returns true if it has parameters: no page or document accepts any.
bool refused_fields(const ExchangePtr& x) {
  auto request = x->decode<NoFields>();
  if (!request) x->refuse(std::move(request).error());
  return !request;
}

void send_file(const ExchangePtr& x, const docs::File& file) {
  if (refused_fields(x)) return;
  HttpAnswer answer;
  answer.content_type = file.content_type;
  x->headers.emplace_back("ETag", file.etag);
  x->headers.emplace_back("Cache-Control", "public, max-age=300");
  x->headers.emplace_back("Content-Security-Policy", kPagePolicy);
  x->headers.emplace_back("Referrer-Policy", "no-referrer");
  if (const auto* known = x->request.header("if-none-match"); known != nullptr && *known == file.etag) {
    answer.status = 304;
    return x->reply(std::move(answer));
  }
  answer.file = file.content;
  if (file.gzipped != nullptr) {
    x->headers.emplace_back("Vary", "Accept-Encoding");
    if (accepts_gzip(*x)) {
      answer.file = file.gzipped;
      x->headers.emplace_back("Content-Encoding", "gzip");
    }
  }
  x->reply(std::move(answer));
}

}  // namespace

void livez(const ExchangePtr& x) {
  if (!refused_fields(x)) x->reply(wire::encode(Health{}));
}

void readyz(const ExchangePtr& x) {
  if (refused_fields(x)) return;
  const auto& health = x->gateway().runtime.health;
  const bool draining = x->gateway().draining;
  if (!draining && health.ready()) return x->reply(wire::encode(Health{"ready"}));
  std::string names = draining ? "draining" : "";
  for (const auto& name : health.failing()) names += (names.empty() ? "" : ", ") + name;
  x->refuse(refuse(Code::unavailable, "not ready: " + names).error);
}

void version(const ExchangePtr& x) {
  if (!refused_fields(x)) x->reply(wire::encode(Version{MM_VERSION}));
}

void entry(const ExchangePtr& x) {
  if (refused_fields(x)) return;
  const Entry entry;
  x->headers.emplace_back("Location", entry.docs);
  x->reply(wire::encode(entry));
}

void error_info(const ExchangePtr& x) {
  const std::string name = x->parts.path.front().second;
  x->parts.path.clear();
  if (refused_fields(x)) return;
  for (const auto& code : kCodes) {
    if (code.name != name) continue;
    const std::string advice(docs::advice(code.code));
    return x->reply(wire::encode(ErrorInfo{name, code.status, std::string(code.title), advice}));
  }
  x->refuse(refuse(Code::not_found, "there is no such code").error);
}

void openapi(const ExchangePtr& x) { send_file(x, x->gateway().site.openapi()); }
void asyncapi(const ExchangePtr& x) { send_file(x, x->gateway().site.asyncapi()); }
void docs_page(const ExchangePtr& x) { send_file(x, x->gateway().site.page("docs")); }
void redoc_page(const ExchangePtr& x) { send_file(x, x->gateway().site.page("redoc")); }

void site_file(const ExchangePtr& x) {
  const auto section = x->route->path.starts_with("/docs/") ? "docs" : "redoc";
  const auto* file = x->gateway().site.file(section, x->parts.path.front().second);
  if (file == nullptr) return x->refuse(refuse(Code::not_found, "there is nothing at this path").error);
  send_file(x, *file);
}

}  // namespace mm::gateway::pages
