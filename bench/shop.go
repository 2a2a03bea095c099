//go:build linux

package main

// The workload is an online shop: 20 services and 60 operations. This file is
// the shop's map, that is who calls whom and what each span carries.

// service is one of the shop's services.
type service struct {
	name     string
	language string
	ops      []spec
}

// spec describes an operation as the map below writes it down.
type spec struct {
	id    string  // how calls name it
	name  string  // the span's name
	kind  byte    // OTLP's number of the kind
	ms    float64 // typical time of its own, without its calls, in milliseconds
	attrs []attr
	calls []call
	// parallel says that it makes its calls at the same time.
	parallel bool
	// weight is how often it starts a trace, of size spans typically. 0: never.
	weight, size float64
}

// call is a place in an operation's code that calls others: the first one calls
// the second one, and so on. The operations named make their own calls as well.
type call struct {
	chain  []string
	chance float64
	loop   bool // made once for each of several rows or items: N+1 queries
}

func always(chain ...string) call              { return call{chain, 1, false} }
func maybe(p float64, chain ...string) call    { return call{chain, p, false} }
func eachItem(p float64, chain ...string) call { return call{chain, p, true} }

// OTLP's numbers of the kinds of spans.
const (
	kindInternal = iota + 1
	kindServer
	kindClient
	kindProducer
	kindConsumer
)

// bulkRoot starts the traces of giantSize spans.
const bulkRoot = "pricing.reprice"

var shop = []service{
	{"frontend", "nodejs", []spec{
		{id: "frontend.home", name: "GET /", kind: kindServer, ms: 3, attrs: edge("GET", "/"), weight: 18, size: 14, parallel: true, calls: []call{
			always("frontend.client", "gateway.api", "gateway.client", "catalog.list"), always("frontend.client", "recommendations.list"),
			maybe(0.5, "frontend.client", "cart.get")}},
		{id: "frontend.product", name: "GET /product/{id}", kind: kindServer, ms: 4, attrs: edge("GET", "/product/{id}"), weight: 24, size: 20, calls: []call{
			always("frontend.client", "gateway.api", "gateway.client", "catalog.get"), always("frontend.client", "reviews.list"),
			maybe(0.8, "frontend.client", "recommendations.list"), eachItem(0.4, "frontend.client", "media.get")}},
		{id: "frontend.search", name: "GET /search", kind: kindServer, ms: 3, attrs: edge("GET", "/search"), weight: 14, size: 11, calls: []call{
			always("frontend.client", "gateway.api", "gateway.client", "search.query")}},
		{id: "frontend.cart", name: "POST /cart/items", kind: kindServer, ms: 2, attrs: edge("POST", "/cart/items"), weight: 9, size: 12, calls: []call{
			always("frontend.client", "gateway.api", "gateway.client", "cart.add")}},
		{id: "frontend.checkout", name: "POST /checkout", kind: kindServer, ms: 5, attrs: edge("POST", "/checkout"), weight: 8, size: 60, calls: []call{
			always("frontend.client", "gateway.api", "gateway.client", "checkout.post")}},
		{id: "frontend.orders", name: "GET /orders", kind: kindServer, ms: 3, attrs: edge("GET", "/orders"), weight: 7, size: 30, calls: []call{
			always("frontend.client", "gateway.api", "gateway.client", "orders.list"), maybe(0.5, "frontend.client", "accounts.get")}},
		{id: "frontend.client", name: "GET", kind: kindClient, ms: 0.6, attrs: httpClient("GET")},
	}},
	{"gateway", "go", []spec{
		{id: "gateway.api", name: "GET /api/*", kind: kindServer, ms: 0.4, attrs: httpServer("GET", "/api/*"), calls: []call{maybe(0.9, "auth.verify")}},
		{id: "gateway.client", name: "proxy", kind: kindClient, ms: 0.5, attrs: httpClient("GET")},
	}},
	{"auth", "go", []spec{
		{id: "auth.verify", name: "shop.Auth/Verify", kind: kindServer, ms: 0.3, attrs: rpcServer("shop.Auth", "Verify"), calls: []call{always("auth.redis")}},
		{id: "auth.login", name: "POST /login", kind: kindServer, ms: 40, attrs: edge("POST", "/login"), weight: 6, size: 4, calls: []call{
			always("auth.redis"), always("accounts.get")}},
		{id: "auth.redis", name: "GET session", kind: kindClient, ms: 0.3, attrs: redis("GET", "session")},
	}},
	{"accounts", "java", []spec{
		{id: "accounts.get", name: "GET /accounts/{id}", kind: kindServer, ms: 1.2, attrs: httpServer("GET", "/accounts/{id}"), calls: []call{always("accounts.db")}},
		{id: "accounts.db", name: "SELECT shop.users", kind: kindClient, ms: 0.8, attrs: sql("SELECT", "users", "SELECT id, email, name, locale, created_at FROM users WHERE id = $1")},
	}},
	{"catalog", "java", []spec{
		{id: "catalog.get", name: "shop.Catalog/GetProduct", kind: kindServer, ms: 1, attrs: rpcServer("shop.Catalog", "GetProduct"), calls: []call{
			always("catalog.cache"), maybe(0.35, "catalog.db"), maybe(0.7, "pricing.quote"), eachItem(0.15, "catalog.db")}},
		{id: "catalog.list", name: "shop.Catalog/ListProducts", kind: kindServer, ms: 2, attrs: rpcServer("shop.Catalog", "ListProducts"), calls: []call{
			always("catalog.db"), eachItem(0.5, "catalog.cache"), eachItem(0.3, "pricing.quote")}},
		{id: "catalog.db", name: "SELECT shop.products", kind: kindClient, ms: 1.5, attrs: sql("SELECT", "products", "SELECT id, sku, title, description, brand_id, price FROM products WHERE id = $1")},
		{id: "catalog.cache", name: "GET product", kind: kindClient, ms: 0.2, attrs: redis("GET", "product")},
	}},
	{"search", "java", []spec{
		{id: "search.query", name: "GET /search/products", kind: kindServer, ms: 3, attrs: httpServer("GET", "/search/products"), calls: []call{
			always("search.index"), always("search.rank"), eachItem(0.5, "search.index")}},
		{id: "search.index", name: "search products", kind: kindClient, ms: 12, attrs: index()},
		{id: "search.rank", name: "Ranker.rank", kind: kindInternal, ms: 4, attrs: code("shop.search.Ranker.rank", "shop/search/Ranker.java"), calls: []call{maybe(0.5, "catalog.get")}},
	}},
	{"cart", "go", []spec{
		{id: "cart.get", name: "shop.Cart/GetCart", kind: kindServer, ms: 0.6, attrs: rpcServer("shop.Cart", "GetCart"), calls: []call{always("cart.redis"), eachItem(0.3, "catalog.get")}},
		{id: "cart.add", name: "shop.Cart/AddItem", kind: kindServer, ms: 0.8, attrs: rpcServer("shop.Cart", "AddItem"), calls: []call{
			always("cart.redis"), always("inventory.reserve"), maybe(0.8, "pricing.quote"), always("cart.redis")}},
		{id: "cart.redis", name: "HGETALL cart", kind: kindClient, ms: 0.3, attrs: redis("HGETALL", "cart")},
	}},
	{"checkout", "java", []spec{
		{id: "checkout.post", name: "POST /checkout", kind: kindServer, ms: 3, attrs: httpServer("POST", "/checkout"), calls: []call{always("checkout.place")}},
		{id: "checkout.place", name: "Checkout.place", kind: kindInternal, ms: 2, attrs: code("shop.checkout.Checkout.place", "shop/checkout/Checkout.java"), calls: []call{
			always("checkout.client", "cart.get"), always("checkout.client", "tax.post"), always("checkout.client", "fraud.score"),
			eachItem(1, "checkout.client", "inventory.reserve"), always("checkout.client", "payment.charge"), always("checkout.client", "orders.post"),
			always("checkout.publish")}},
		{id: "checkout.client", name: "POST", kind: kindClient, ms: 0.7, attrs: httpClient("POST")},
		{id: "checkout.publish", name: "orders publish", kind: kindProducer, ms: 1.5, attrs: producer("orders"), calls: []call{maybe(0.3, "inventory.consume")}},
	}},
	{"pricing", "go", []spec{
		{id: "pricing.quote", name: "shop.Pricing/Quote", kind: kindServer, ms: 0.7, attrs: rpcServer("shop.Pricing", "Quote"), calls: []call{always("pricing.rules"), maybe(0.6, "pricing.db")}},
		{id: "pricing.rules", name: "pricing.Rules.apply", kind: kindInternal, ms: 0.5, attrs: code("pricing.Rules.apply", "pricing/rules.go")},
		{id: "pricing.db", name: "SELECT shop.prices", kind: kindClient, ms: 0.9, attrs: sql("SELECT", "prices", "SELECT amount, currency, valid_from FROM prices WHERE sku = $1 AND currency = $2")},
		{id: bulkRoot, name: "pricing.Reprice.run", kind: kindInternal, ms: 20, attrs: code("pricing.Reprice.run", "pricing/reprice.go"), weight: 1, size: 130, calls: []call{
			always("pricing.db"), eachItem(1, "pricing.rules"), eachItem(1, "pricing.db"), eachItem(0.2, "catalog.get")}},
	}},
	{"tax", "nodejs", []spec{
		{id: "tax.post", name: "POST /tax", kind: kindServer, ms: 1, attrs: httpServer("POST", "/tax")},
	}},
	{"payment", "java", []spec{
		{id: "payment.charge", name: "shop.Payment/Charge", kind: kindServer, ms: 3, attrs: rpcServer("shop.Payment", "Charge"), calls: []call{always("payment.client")}},
		{id: "payment.client", name: "POST /v1/charges", kind: kindClient, ms: 180, attrs: external("POST", "api.payments.example", "/v1/charges/")},
	}},
	{"fraud", "python", []spec{
		{id: "fraud.score", name: "shop.Fraud/Score", kind: kindServer, ms: 2, attrs: rpcServer("shop.Fraud", "Score"), calls: []call{always("fraud.model")}},
		{id: "fraud.model", name: "fraud.model.predict", kind: kindInternal, ms: 14, attrs: code("fraud.model.predict", "fraud/model.py")},
	}},
	{"orders", "java", []spec{
		{id: "orders.post", name: "POST /orders", kind: kindServer, ms: 2, attrs: httpServer("POST", "/orders"), calls: []call{always("orders.insert"), eachItem(0.6, "orders.insert"), always("orders.publish")}},
		{id: "orders.list", name: "GET /orders", kind: kindServer, ms: 2, attrs: httpServer("GET", "/orders"), calls: []call{
			always("orders.select"), eachItem(1, "orders.select"), eachItem(0.4, "catalog.get")}},
		{id: "orders.select", name: "SELECT shop.orders", kind: kindClient, ms: 1.1, attrs: sql("SELECT", "orders", "SELECT o.id, o.state, o.total, i.sku, i.quantity FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.id = $1")},
		{id: "orders.insert", name: "INSERT shop.orders", kind: kindClient, ms: 1.6, attrs: sql("INSERT", "orders", "INSERT INTO order_items (order_id, sku, quantity, price) VALUES ($1, $2, $3, $4)")},
		{id: "orders.publish", name: "order-events publish", kind: kindProducer, ms: 1.2, attrs: producer("order-events"), calls: []call{maybe(0.15, "warehouse.consume")}},
	}},
	{"inventory", "go", []spec{
		{id: "inventory.reserve", name: "shop.Inventory/Reserve", kind: kindServer, ms: 0.8, attrs: rpcServer("shop.Inventory", "Reserve"), calls: []call{always("inventory.update")}},
		{id: "inventory.update", name: "UPDATE shop.stock", kind: kindClient, ms: 1.9, attrs: sql("UPDATE", "stock", "UPDATE stock SET reserved = reserved + $1 WHERE sku = $2 AND available >= $1")},
		{id: "inventory.consume", name: "orders process", kind: kindConsumer, ms: 2, attrs: consumer("orders", "inventory"), weight: 8, size: 5, calls: []call{
			always("inventory.update"), eachItem(0.7, "inventory.update")}},
	}},
	{"warehouse", "java", []spec{
		{id: "warehouse.consume", name: "order-events process", kind: kindConsumer, ms: 3, attrs: consumer("order-events", "warehouse"), weight: 7, size: 7, calls: []call{
			always("warehouse.plan"), always("warehouse.db"), eachItem(1, "warehouse.db")}},
		{id: "warehouse.plan", name: "Picks.plan", kind: kindInternal, ms: 8, attrs: code("shop.warehouse.Picks.plan", "shop/warehouse/Picks.java"), calls: []call{maybe(0.5, "inventory.reserve")}},
		{id: "warehouse.db", name: "INSERT shop.picks", kind: kindClient, ms: 1.4, attrs: sql("INSERT", "picks", "INSERT INTO picks (order_id, sku, bin, quantity) VALUES ($1, $2, $3, $4)")},
	}},
	{"shipping", "go", []spec{
		{id: "shipping.consume", name: "order-events process", kind: kindConsumer, ms: 2, attrs: consumer("order-events", "shipping"), weight: 6, size: 5, calls: []call{
			always("shipping.client"), always("shipping.publish"), eachItem(0.5, "shipping.client")}},
		{id: "shipping.client", name: "POST /labels", kind: kindClient, ms: 120, attrs: external("POST", "api.carrier.example", "/labels/")},
		{id: "shipping.publish", name: "shipments publish", kind: kindProducer, ms: 1.1, attrs: producer("shipments"), calls: []call{maybe(0.1, "notifications.consume")}},
	}},
	{"notifications", "nodejs", []spec{
		{id: "notifications.consume", name: "shipments process", kind: kindConsumer, ms: 1, attrs: consumer("shipments", "notifications"), weight: 8, size: 3.5, calls: []call{
			always("notifications.render"), always("notifications.client"), eachItem(0.3, "notifications.client")}},
		{id: "notifications.render", name: "template.render", kind: kindInternal, ms: 6, attrs: code("template.render", "src/template.ts")},
		{id: "notifications.client", name: "POST /v3/mail/send", kind: kindClient, ms: 90, attrs: external("POST", "api.mail.example", "/v3/mail/send/")},
	}},
	{"recommendations", "python", []spec{
		{id: "recommendations.list", name: "shop.Recommendations/List", kind: kindServer, ms: 2, attrs: rpcServer("shop.Recommendations", "List"), calls: []call{
			always("recommendations.db"), eachItem(0.3, "catalog.get")}},
		{id: "recommendations.db", name: "SELECT shop.vectors", kind: kindClient, ms: 5, attrs: sql("SELECT", "vectors", "SELECT sku, embedding <-> $1 AS distance FROM vectors ORDER BY distance LIMIT 20")},
	}},
	{"reviews", "nodejs", []spec{
		{id: "reviews.list", name: "GET /reviews/{id}", kind: kindServer, ms: 1.5, attrs: httpServer("GET", "/reviews/{id}"), calls: []call{always("reviews.db")}},
		{id: "reviews.db", name: "find reviews", kind: kindClient, ms: 2, attrs: mongo()},
	}},
	{"media", "go", []spec{
		{id: "media.get", name: "GET /media/{id}", kind: kindServer, ms: 0.8, attrs: edge("GET", "/media/{id}"), weight: 16, size: 3.2, calls: []call{
			always("media.s3"), eachItem(0.2, "media.s3")}},
		{id: "media.s3", name: "S3.GetObject", kind: kindClient, ms: 18, attrs: external("GET", "media.s3.example", "/objects/")},
	}},
}
