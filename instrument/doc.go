// Package instrument makes a Go service tell what it does: traces, logs and
// metrics over OTLP, to Everspan or to anything else that speaks it. It stands
// on the packages of OpenTelemetry and hides none of them, so whatever works
// with those works with it, and leaving it is easy.
//
// # Begin
//
//	shutdown, err := instrument.Start(ctx, instrument.Options{})
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer shutdown(context.Background())
//
// Name, version and place of the service are found out; all OTEL_* variables
// are followed; without any, data goes to http://localhost:4318. A collector
// that is away is mentioned once in the log and never in the way.
//
// # HTTP, gRPC, databases
//
//	http.ListenAndServe(":8080", instrument.Handler(mux))  // spans: GET /orders/{id}
//	client := instrument.Client(nil)                       // tells the other side the trace
//	server := grpc.NewServer(tracedgrpc.Server())          // instrument/grpc
//	db, err := tracedsql.Open("postgres", dsn)             // instrument/sql
//
// # What the business does
//
//	err := instrument.Do(ctx, "order.place", func(ctx context.Context) error {
//		return place(ctx, order)
//	}, attribute.String("shop.order.id", order.ID))
//
// The span has the duration, and an error or a panic with its stack. [DoValue]
// has a result; [Background] is for what goes on after the request, [Job] for
// what a clock starts.
//
// # Messages
//
//	err := kafka.Send(ctx, record, produce)       // instrument/kafka, nats, amqp, sqs
//	err := kafka.Process(ctx, record, handle)     // in the trace of the sender
//	errs := kafka.ProcessBatch(ctx, records, handle) // links to all of them
//
// For other carriers there are [Send], [Process] and [ProcessBatch] with a
// [Message], and below them [Inject] and [Extract].
//
// # Logs
//
//	slog.InfoContext(ctx, "order placed", "order", id)
//
// is written with trace_id and span_id, and sent. Package log goes the same
// way.
//
// # Sampling
//
// Everything is kept, because only the store can tell later which traces were
// worth it. Where the network is too small for that, [NewSampler] keeps a
// ratio that can be changed while running.
//
// # Several services in a process
//
// [New] is Start without anything global. Its handlers, transports and
// loggers are methods of [Telemetry]; [Do] and its like find it by the span in
// the context, or by [Telemetry.Context].
//
// # What is linked
//
// gRPC's instrumentation, database/sql and each broker are packages of their
// own, so that nobody pays for what is not used. OTLP goes over HTTP and over
// gRPC alike (OTEL_EXPORTER_OTLP_PROTOCOL): the exporters for HTTP link gRPC
// for its message types as it is, so leaving the others out would save nothing.
package instrument
