#!/usr/bin/env python3
"""Paho as the other end: what comes on there/X goes back on back/X. usage: echo_paho.py 311|5 QOS [USER PASSWORD]"""
import sys

from paho.mqtt import client as paho

version, qos = sys.argv[1], int(sys.argv[2])
client = paho.Client("echo-paho", protocol=paho.MQTTv5 if version == "5" else paho.MQTTv311)
if len(sys.argv) > 3:
    client.username_pw_set(sys.argv[3], sys.argv[4])
client.will_set("back/will", "paho is gone", qos=min(qos, 1))
client.max_queued_messages_set(0)


def on_connect(*_):
    client.subscribe("there/#", qos)


def on_message(_client, _data, message):
    client.publish("back/" + message.topic.split("/", 1)[1], message.payload, message.qos)


client.on_connect = on_connect
client.on_message = on_message
client.on_subscribe = lambda *_: print("ready", flush=True)
client.connect("127.0.0.1", 1883)
client.loop_forever()
