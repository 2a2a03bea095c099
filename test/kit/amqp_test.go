package kit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"github.com/everspan/everspan/instrument/amqp"
	"github.com/everspan/everspan/instrument/tracetest"
)

// RabbitMQ, a process of its own.
func TestAMQP(t *testing.T) {
	if testing.Short() {
		t.Skip("starts RabbitMQ; left out with -short")
	}
	conn, err := startRabbitMQ(t)
	if err != nil {
		notTested(t, "AMQP with RabbitMQ", err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueueDeclare("mail", false, true, false, false, nil); err != nil {
		t.Fatal(err)
	}
	if err := ch.QueueBind("mail", "order.placed", "amq.topic", false, nil); err != nil {
		t.Fatal(err)
	}
	deliveries, err := ch.Consume("mail", "", true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	shop, mail := tracetest.New(t), tracetest.New(t)
	roundTrip(t, shop, mail, broker[amqp091.Delivery]{
		verb: "publish", queue: "amq.topic:order.placed", at: "amq.topic:order.placed:mail",
		send: func(ctx context.Context, body string) error {
			p := amqp091.Publishing{Body: []byte(body), MessageId: "m-" + body}
			return amqp.Send(ctx, "amq.topic", "order.placed", &p, func(ctx context.Context) error {
				return ch.PublishWithContext(ctx, "amq.topic", "order.placed", false, false, p)
			})
		},
		next: func() amqp091.Delivery {
			select {
			case d := <-deliveries:
				return d
			case <-time.After(10 * time.Second):
				t.Fatal("no message after 10 s")
				return amqp091.Delivery{}
			}
		},
		body: func(d amqp091.Delivery) string { return string(d.Body) },
		process: func(ctx context.Context, d amqp091.Delivery, fn func(context.Context) error) error {
			return amqp.Process(ctx, "mail", d, fn)
		},
		processBatch: func(ctx context.Context, batch []amqp091.Delivery, fn func(context.Context, amqp091.Delivery) error) []error {
			return amqp.ProcessBatch(ctx, "mail", batch, fn)
		},
	})
	if got := attr(mail, "process amq.topic:order.placed:mail", "messaging.message.id"); got != "m-0" {
		t.Errorf("messaging.message.id = %q", got)
	}
}

// startRabbitMQ starts a broker with ports, a folder and a port mapper of its
// own, so that it meets no other one, and connects to it. The scripts in PATH
// change to the user rabbitmq; the one below does not ask who runs it.
func startRabbitMQ(t *testing.T) (*amqp091.Connection, error) {
	const program = "/usr/lib/rabbitmq/bin/rabbitmq-server"
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("rabbitmq-server is not installed: %w", err)
	}
	epmd, err := exec.LookPath("epmd")
	if err != nil {
		return nil, err
	}
	dir := t.TempDir()
	for _, sub := range []string{"home", "mnesia", "log"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	mapper, port, distribution := fmt.Sprint(freePort(t)), freePort(t), fmt.Sprint(freePort(t))
	names := exec.Command(epmd, "-port", mapper, "-address", "127.0.0.1")
	if err := names.Start(); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		_ = names.Process.Kill()
		_ = names.Wait()
	})
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), "HOME="+filepath.Join(dir, "home"), "ERL_EPMD_PORT="+mapper, "ERL_EPMD_ADDRESS=127.0.0.1",
		"RABBITMQ_NODENAME=kit"+mapper+"@localhost", "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1",
		fmt.Sprint("RABBITMQ_NODE_PORT=", port), "RABBITMQ_DIST_PORT="+distribution,
		"RABBITMQ_MNESIA_BASE="+filepath.Join(dir, "mnesia"), "RABBITMQ_LOG_BASE="+filepath.Join(dir, "log"), "RABBITMQ_LOGS=-",
		"RABBITMQ_CONFIG_FILE="+filepath.Join(dir, "none"), "RABBITMQ_CONF_ENV_FILE=/dev/null",
		"RABBITMQ_ENABLED_PLUGINS_FILE="+filepath.Join(dir, "plugins"), "RABBITMQ_PID_FILE="+filepath.Join(dir, "pid"))
	var out lines
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			_ = cmd.Process.Kill()
		}
	})
	for deadline := time.Now().Add(90 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		conn, err := amqp091.Dial(fmt.Sprintf("amqp://guest:guest@127.0.0.1:%d/", port))
		if err == nil {
			return conn, nil
		}
		select {
		case err := <-ended:
			ended <- err
			return nil, fmt.Errorf("it ended at once: %v\n%s", err, out.String())
		default:
		}
	}
	return nil, errors.New("not ready after 90 s\n" + out.String())
}

// lines is what a process said.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
