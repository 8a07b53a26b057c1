// A plugin that an engine loads at run time.
#include <matchmaker/matchmaker.h>

extern "C" __attribute__((visibility("default"))) int plugin_tick() {
  static matchmaker::Client client{matchmaker::ClientOptions{}};
  return client.tick();
}
