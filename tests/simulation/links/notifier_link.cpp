// Replaces common/bus/notifier.cpp in the simulation: frames to players are best effort, so they are not simulated.
#include "common/bus/notifier.h"

namespace mm::bus {

struct Notifier::Impl {};

Notifier::Notifier(Bus&, storage::Redis&, const Clock&) {}
Notifier::~Notifier() = default;
void Notifier::send(const Tenant&, const std::vector<Frame>&) {}

}  // namespace mm::bus
