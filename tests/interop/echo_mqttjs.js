// MQTT.js as the other end: what comes on there/X goes back on back/X. usage: node echo_mqttjs.js 311|5 QOS [USER PASSWORD]
const mqtt = require('mqtt')

const [version, qosText, username, password] = process.argv.slice(2)
const qos = Number(qosText)
const client = mqtt.connect('mqtt://127.0.0.1:1883', {
  clientId: 'echo-mqttjs',
  protocolVersion: version === '5' ? 5 : 4,
  username,
  password,
  will: { topic: 'back/will', payload: Buffer.from('mqttjs is gone'), qos: Math.min(qos, 1), retain: false }
})
client.on('connect', () => {
  client.subscribe('there/#', { qos }, (error) => {
    if (error) throw error
    console.log('ready')
  })
})
client.on('message', (topic, payload, packet) => {
  client.publish('back/' + topic.slice(topic.indexOf('/') + 1), payload, { qos: packet.qos })
})
client.on('error', (error) => {
  console.log(error)
  process.exit(1)
})
