// SPDX-License-Identifier: Apache-2.0
// The market maker of market.weir.yaml in Kafka Streams: Market BROKERS APPLICATION QUOTES ORDERS [NAME=VALUE ...]
// The words behind are properties of Kafka Streams.
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessageUnpacker;

public final class Market {
    record Quote(String symbol, double bid, double ask, double bidSize, double askSize, long ts) {}

    record Signal(double mid, double spread) {}

    record Order(String symbol, double price, double qty, long ts) {}

    private static Quote decode(String topic, byte[] bytes) {
        String symbol = null;
        double bid = 0, ask = 0, bidSize = 0, askSize = 0;
        long ts = 0;
        try (MessageUnpacker in = MessagePack.newDefaultUnpacker(bytes)) {
            for (int left = in.unpackMapHeader(); left > 0; left--) {
                switch (in.unpackString()) {
                    case "symbol" -> symbol = in.unpackString();
                    case "bid" -> bid = in.unpackDouble();
                    case "ask" -> ask = in.unpackDouble();
                    case "bid_size" -> bidSize = in.unpackDouble();
                    case "ask_size" -> askSize = in.unpackDouble();
                    case "ts" -> ts = in.unpackLong();
                    default -> in.skipValue();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Quote(symbol, bid, ask, bidSize, askSize, ts);
    }

    private static byte[] encode(String topic, Order order) {
        try (MessageBufferPacker out = MessagePack.newDefaultBufferPacker()) {
            out.packMapHeader(4);
            out.packString("symbol").packString(order.symbol());
            out.packString("price").packDouble(order.price());
            out.packString("qty").packDouble(order.qty());
            out.packString("ts").packLong(order.ts());
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Signal signal(Quote quote) {
        return new Signal((quote.bid() + quote.ask()) / 2, quote.ask() - quote.bid());
    }

    /** Null: no trade. */
    private static Order decide(Quote quote) {
        if (signal(quote).spread() > 0.5) {
            return null;
        }
        boolean buys = quote.bidSize() < quote.askSize();
        double qty = (long) (buys ? quote.bidSize() : quote.askSize());
        return new Order(quote.symbol(), buys ? quote.ask() : quote.bid(), qty, quote.ts());
    }

    public static void main(String[] words) {
        Serde<Quote> quotes = Serdes.serdeFrom((topic, quote) -> null, Market::decode);
        Serde<Order> orders = Serdes.serdeFrom(Market::encode, (topic, bytes) -> null);
        Properties properties = new Properties();
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, words[0]);
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, words[1]);
        for (int i = 4; i < words.length; i++) {
            String[] pair = words[i].split("=", 2);
            properties.put(pair[0], pair[1]);
        }
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(words[2], Consumed.with(Serdes.String(), quotes))
                .filter((key, quote) -> quote.ask() > quote.bid())
                .mapValues(Market::decide)
                .filter((key, order) -> order != null)
                .to(words[3], Produced.with(Serdes.String(), orders));
        KafkaStreams streams = new KafkaStreams(builder.build(), properties);
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }
}
