// Uses the engine alone, as a front of the user's own would.
#include <mqtt_as/topic.hpp>

int main() { return mqtt_as::topic_matches("sensors/+/temperature", "sensors/attic/temperature") ? 0 : 1; }
