#include "services/gateway/process/queue_watch.h"

#include "common/storage/refusals.h"

namespace mm::gateway {

void QueueWatch::on_tick(SteadyPoint now) {
  const bool connected = queue_.connected();
  const bool is_new = connected && !was_connected_;
  was_connected_ = connected;
  if (!connected) metrics_.works.set(0);
  if (!connected || (now < next_ && !is_new)) return;
  next_ = now + kInterval;
  queue_.eval(storage::kWriteProbe, {}, {}, kInterval, [this](storage::RedisResult<storage::RedisReply> reply) {
    flaw_ = reply ? "" : storage::redis_refusal(reply.error().text);
    metrics_.works.set(reply ? 1 : 0);
  });
  queue_.command({"INFO", "memory"}, kInterval, [this](storage::RedisResult<storage::RedisReply> reply) {
    const auto memory = reply ? storage::memory_in(reply->text) : std::nullopt;
    if (!memory) return;
    daemon::measure(gate_, metrics_, *memory);
    keyed_.make_room(*memory);
  });
}

}  // namespace mm::gateway
