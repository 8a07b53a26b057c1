// Requests to the daemons: typed, without waiting; the answer arrives on the loop of the shard that asked.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "common/contracts/caller.h"
#include "common/runtime/trace.h"
#include "common/wire/codec.h"
#include "services/gateway/gateway.h"

namespace mm::gateway {

/// For whom, in which trace, until when.
struct Asker {
  Caller caller;
  trace::Context trace;
  Deadline deadline = Deadline::after(limits::kRequestDeadline);
};

/// `then` runs on the shard's loop, exactly once while the loop runs.
void ask_text(Shard& shard, std::string_view subject, std::string body, const Asker& asker,
              std::function<void(Reply<std::string>)> then);

/// A daemon that answers something else than agreed is our error: its 422 would mislead the client.
Failure<Problem> not_understood(std::string_view subject, const Problem& problem);

template <class Req, class Then>
void ask(Shard& shard, const Req& request, const Asker& asker, Then then) {
  using Answer = typename Req::Answer;
  ask_text(shard, Req::kSubject.text, wire::encode(request), asker,
           [then = std::move(then)](Reply<std::string> text) mutable {
             if (!text) return then(Reply<Answer>(fail(std::move(text).error())));
             auto answer = wire::decode<Answer>(*text, wire::Unknown::ignored, bus::Bus::kTrusted);
             if (!answer) return then(Reply<Answer>(not_understood(Req::kSubject.text, answer.error())));
             then(std::move(answer));
           });
}

}  // namespace mm::gateway
