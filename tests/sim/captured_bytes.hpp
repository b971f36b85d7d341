// Bytes that real programs exchanged, read by the simulated broker's parser.
//
// Taken with a tee proxy between mosquitto_pub / mosquitto_sub 2.0.11 (Debian 12) and a private Mosquitto 2.0.11,
// all on Unix sockets; nothing was edited. The options of each run stand beside its bytes.
#pragma once

#include <cstdint>

namespace mqtt_as::sim::captured {

struct capture {
    const char* options;      // the command's options behind -V mqttv311 or -V mqttv5
    std::uint8_t level;       // 4 or 5
    const char* from_client;  // hexadecimal
    const char* from_server;
};

inline constexpr capture pub_v3_q0{.options = "mosquitto_pub -i pub0 -t a/b -m hello -q 0",
                                   .level = 4,
                                   .from_client = "101000044d5154540402003c000470756230300a0003612f6268656c6c6fe000",
                                   .from_server = "20020000"};

inline constexpr capture pub_v3_q1{.options = "mosquitto_pub -i pub1 -t a/b -m hello -q 1",
                                   .level = 4,
                                   .from_client =
                                       "101000044d5154540402003c000470756231320c0003612f62000168656c6c6fe000",
                                   .from_server = "2002000040020001"};

inline constexpr capture pub_v3_q2{.options = "mosquitto_pub -i pub2 -t a/b -m hello -q 2",
                                   .level = 4,
                                   .from_client =
                                       "101000044d5154540402003c000470756232340c0003612f62000168656c6c6f62020001e000",
                                   .from_server = "200200005002000170020001"};

inline constexpr capture pub_v3_will{
    .options = "mosquitto_pub -i w -t a -m x -r -q 1 -u user -P pass --will-topic wt --will-payload gone --will-qos "
               "2 --will-retain -k 30",
    .level = 4,
    .from_client = "102300044d51545404f6001e000177000277740004676f6e650004757365720004706173733306000161000178e000",
    .from_server = "2002000040020001"};

inline constexpr capture sub_v3{
    .options = "mosquitto_sub -i s -t x/# -t y/+ -q 2 -U z -C 4 -k 10",
    .level = 4,
    .from_client = "100d00044d5154540402000a000173820e00010003782f23020003792f2b02a205000200017a40020001500200027002"
                   "000240020003e000",
    .from_server = "20020000900400010202b002000230090003782f317a65726f320a0003782f3200016f6e65340a0003792f3300027477"
                   "6f620200023289010003782f3400034c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c"
                   "4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c"
                   "4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c"
                   "4c"};

inline constexpr capture pub_v5_q0{.options = "mosquitto_pub -i pub0 -t a/b -m hello -q 0",
                                   .level = 5,
                                   .from_client =
                                       "101400044d5154540502003c03210014000470756230300b0003612f620068656c6c6fe000",
                                   .from_server = "200900000622000a210014"};

inline constexpr capture pub_v5_q1{.options = "mosquitto_pub -i pub1 -t a/b -m hello -q 1",
                                   .level = 5,
                                   .from_client =
                                       "101400044d5154540502003c03210014000470756231320d0003612f6200010068656c6c6fe000",
                                   .from_server = "200900000622000a2100144003000110"};

inline constexpr capture pub_v5_q2{
    .options = "mosquitto_pub -i pub2 -t a/b -m hello -q 2",
    .level = 5,
    .from_client = "101400044d5154540502003c03210014000470756232340d0003612f6200010068656c6c6f62020001e000",
    .from_server = "200900000622000a2100145002000170020001"};

inline constexpr capture pub_v5_will{
    .options = "mosquitto_pub -i w -t a -m x -r -q 1 -u user -P pass --will-topic wt --will-payload gone --will-qos "
               "2 --will-retain -k 30 -D publish user-property k v -D publish content-type text -D publish message-e"
               "xpiry-interval 60 -D publish response-topic r -D publish correlation-data cd -D publish payload-form"
               "at-indicator 1 -D connect session-expiry-interval 300 -D connect receive-maximum 7 -D will will-dela"
               "y-interval 5",
    .level = 5,
    .from_client = "103200044d51545405f6001e08110000012c210007000177051800000005000277740004676f6e650004757365720004"
                   "70617373332500016100011e2600016b00017603000474657874020000003c080001720900026364010178e000",
    .from_server = "200900000622000a2100144003000110"};

inline constexpr capture sub_v5{
    .options = "mosquitto_sub -i s -t x/# -t y/+ -q 2 -U z -C 4 -k 10 -D subscribe subscription-identifier 5 -D subs"
               "cribe user-property n m -D unsubscribe user-property u w",
    .level = 5,
    .from_client = "101100044d5154540502000a0321000400017382180001090b052600016e00016d0003782f23020003792f2b02a20d00"
                   "02072600017500017700017a40020001500200027002000240020003e000",
    .from_server = "200900000622000a21001490050001000202b00400020011300c0003782f31020b057a65726f32140003782f32000109"
                   "0b05260001610001626f6e65340d0003792f330002020b0574776f62020002328c010003782f340003020b054c4c4c4c"
                   "4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c"
                   "4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c"
                   "4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c"};

inline constexpr capture all[] = {pub_v3_q0, pub_v3_q1, pub_v3_q2, pub_v3_will, sub_v3,
                                  pub_v5_q0, pub_v5_q1, pub_v5_q2, pub_v5_will, sub_v5};

}  // namespace mqtt_as::sim::captured
