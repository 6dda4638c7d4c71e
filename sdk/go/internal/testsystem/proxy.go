package testsystem

import (
	"io"
	"net"
	"sync"
)

// Proxy is a wire that a test can cut or stop.
type Proxy struct {
	Address string
	target  string
	listen  net.Listener
	mu      sync.Mutex
	flowing *sync.Cond
	stopped bool
	conns   map[net.Conn]bool
}

// StartProxy leads to a coordinator.
func StartProxy(target string) (*Proxy, error) {
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	proxy := &Proxy{Address: listen.Addr().String(), target: target, listen: listen, conns: map[net.Conn]bool{}}
	proxy.flowing = sync.NewCond(&proxy.mu)
	go proxy.accept()
	return proxy, nil
}

func (p *Proxy) accept() {
	for {
		client, err := p.listen.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns[client], p.conns[server] = true, true
		p.mu.Unlock()
		go p.carry(client, server)
		go p.carry(server, client)
	}
}

func (p *Proxy) carry(from, to net.Conn) {
	defer p.drop(from, to)
	buffer := make([]byte, 64<<10)
	for {
		count, err := from.Read(buffer)
		p.mu.Lock()
		for p.stopped {
			p.flowing.Wait()
		}
		p.mu.Unlock()
		if count > 0 {
			if _, err := to.Write(buffer[:count]); err != nil {
				return
			}
		}
		if err == io.EOF || err != nil {
			return
		}
	}
}

func (p *Proxy) drop(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		conn.Close()
		delete(p.conns, conn)
	}
}

// Cut breaks every connection; new ones are made as before.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		conn.Close()
	}
}

// Stop swallows everything in both directions until Flow.
func (p *Proxy) Stop() { p.set(true) }

// Flow ends Stop.
func (p *Proxy) Flow() { p.set(false) }

func (p *Proxy) set(stopped bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = stopped
	p.flowing.Broadcast()
}

// Close breaks everything.
func (p *Proxy) Close() {
	p.listen.Close()
	p.Flow()
	p.Cut()
}
