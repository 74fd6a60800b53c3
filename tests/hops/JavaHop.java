// A hop in Java, as anybody would write one with what the language brings: it knows nothing of tracing, the official agent (`-javaagent:`)
// adds all of that from outside. PORT is where it listens, NEXT_SERVICE_URL the service behind it.

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.Executors;

public class JavaHop {
    private static final List<String> PASSED_ON =
            List.of("content-type", "authorization", "idempotency-key", "x-request-id", "x-deadline-ms");
    private static final URI NEXT = URI.create(System.getenv("NEXT_SERVICE_URL") + "/process");
    private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    public static void main(String[] arguments) throws IOException {
        int port = Integer.parseInt(System.getenv("PORT"));
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setExecutor(Executors.newFixedThreadPool(16));
        server.createContext("/process", JavaHop::forward);
        server.createContext("/health", exchange -> answer(exchange, 200, new byte[0]));
        server.start();
    }

    private static void forward(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        HttpRequest.Builder onward = HttpRequest.newBuilder(NEXT).POST(BodyPublishers.ofByteArray(body));
        for (String name : PASSED_ON) {
            String value = exchange.getRequestHeaders().getFirst(name);
            if (value != null) {
                onward.header(name, value);
            }
        }
        try {
            HttpResponse<byte[]> answer = CLIENT.send(onward.build(), BodyHandlers.ofByteArray());
            answer.headers().firstValue("content-type").ifPresent(type -> exchange.getResponseHeaders().set("content-type", type));
            answer(exchange, answer.statusCode(), answer.body());
        } catch (IOException | InterruptedException failure) {
            answer(exchange, 502, new byte[0]);
        }
    }

    private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }
}
