//! From the proxy's callbacks to the filter they are meant for.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;
use std::time::Duration;

use crate::{Action, CallId, Callout, Exchange, GrpcStatus, Host};

/// What the proxy tells about a plugin when it configures it.
#[derive(Debug, Clone, Copy)]
pub struct Plugin<'a> {
    /// The plugin's name, the same on all workers and after every configuration push. Under Istio it is
    /// `<namespace>.<WasmPlugin>`.
    pub name: &'a str,
    /// The configuration; Istio gives JSON, and nothing at all for an empty object.
    pub config: &'a [u8],
}

/// One configured filter on one worker. Callbacks that a filter does not export with [`export!`](crate::export) never run.
pub trait Filter: Sized {
    /// What is remembered from one callback of an exchange to the next.
    type Stream: Default;

    /// Reads the configuration. The proxy also does this in a throw-away VM, and once per worker at every
    /// push, so it must change nothing that is shared.
    ///
    /// # Errors
    /// Text for the operator that names the wrong field. The proxy then keeps the old configuration.
    fn configure(host: &impl Host, plugin: Plugin<'_>) -> Result<Self, String>;

    /// How often [`Self::on_tick`] runs, on each worker by itself. `None`: never.
    fn tick(&self) -> Option<Duration> {
        None
    }

    /// Time for what is not part of any exchange.
    fn on_tick(&self, _: &(impl Callout + Host)) {}

    /// A call that this configuration began on this worker has ended, with a message or without. Calls of a
    /// configuration that was replaced meanwhile end unheard.
    fn on_grpc_reply(&self, _: &impl Host, _: CallId, _reply: Result<Vec<u8>, GrpcStatus>) {}

    /// The request's headers are here. `end`: there is no body.
    fn on_request_headers(&self, _: &mut Self::Stream, _: &(impl Exchange + Host), _end: bool) -> Action {
        Action::Continue
    }

    /// `size` bytes of the request's body are here. `end`: they are the last.
    fn on_request_body(
        &self,
        _: &mut Self::Stream,
        _: &(impl Exchange + Host),
        _size: usize,
        _end: bool,
    ) -> Action {
        Action::Continue
    }

    /// The response's headers are here, from upstream or from the proxy itself. `end`: there is no body.
    fn on_response_headers(&self, _: &mut Self::Stream, _: &(impl Exchange + Host), _end: bool) -> Action {
        Action::Continue
    }

    /// `size` bytes of the response's body are here. `end`: they are the last.
    fn on_response_body(
        &self,
        _: &mut Self::Stream,
        _: &(impl Exchange + Host),
        _size: usize,
        _end: bool,
    ) -> Action {
        Action::Continue
    }

    /// The response's trailers are here.
    fn on_response_trailers(&self, _: &mut Self::Stream, _: &(impl Exchange + Host)) -> Action {
        Action::Continue
    }
}

/// The configured filters of one VM and the exchanges they have in hand.
///
/// The proxy never calls back into a callback, so the cells are never borrowed twice; if it did, the inner
/// call would pass the request on unfiltered instead of panicking.
pub struct Registry<F: Filter> {
    roots: RefCell<ById<Rc<F>>>,
    streams: RefCell<ById<Exchanging<F>>>,
}

type ById<T> = HashMap<u32, T, BuildHasherDefault<Id>>;

/// The proxy counts its ids up, so they need no hashing; the multiplication moves what differs to where tables look.
#[derive(Default)]
struct Id(u64);

impl Hasher for Id {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u32(&mut self, id: u32) {
        self.0 = (self.0 ^ u64::from(id)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// An exchange in hand: the configuration it began under, and what its callbacks remember.
type Exchanging<F> = (Rc<F>, <F as Filter>::Stream);

impl<F: Filter> Default for Registry<F> {
    fn default() -> Self {
        Self {
            roots: RefCell::default(),
            streams: RefCell::default(),
        }
    }
}

impl<F: Filter> Registry<F> {
    /// An exchange `id` begins under the plugin `parent`. It keeps that plugin's configuration to its end.
    pub fn create(&self, id: u32, parent: u32) {
        let filter = self
            .roots
            .try_borrow()
            .ok()
            .and_then(|roots| roots.get(&parent).cloned());
        if let (Some(filter), Ok(mut streams)) = (filter, self.streams.try_borrow_mut()) {
            streams.insert(id, (filter, F::Stream::default()));
        }
    }

    /// Takes over a configuration and tells its tick, or refuses it and keeps the one before.
    ///
    /// # Errors
    /// The filter's reason.
    pub fn configure(
        &self,
        root: u32,
        host: &impl Host,
        plugin: Plugin<'_>,
    ) -> Result<Option<Duration>, String> {
        let filter = Rc::new(F::configure(host, plugin)?);
        let tick = filter.tick();
        if let Ok(mut roots) = self.roots.try_borrow_mut() {
            roots.insert(root, filter);
        }
        Ok(tick)
    }

    /// Runs a callback of the plugin `root`; an unknown one has nothing to do.
    pub fn on_root(&self, root: u32, callback: impl FnOnce(&F)) {
        // Not borrowed while it runs: a call that fails at once ends inside of the callback that began it.
        let filter = self
            .roots
            .try_borrow()
            .ok()
            .and_then(|roots| roots.get(&root).cloned());
        if let Some(filter) = filter {
            callback(&filter);
        }
    }

    /// An exchange or a plugin is gone.
    pub fn delete(&self, id: u32) {
        let was_stream = self
            .streams
            .try_borrow_mut()
            .is_ok_and(|mut streams| streams.remove(&id).is_some());
        if let (false, Ok(mut roots)) = (was_stream, self.roots.try_borrow_mut()) {
            roots.remove(&id);
        }
    }

    /// Runs a callback of the exchange `id`; an unknown exchange passes.
    pub fn on(&self, id: u32, callback: impl FnOnce(&F, &mut F::Stream) -> Action) -> Action {
        let Ok(mut streams) = self.streams.try_borrow_mut() else {
            return Action::Continue;
        };
        let Some((filter, stream)) = streams.get_mut(&id) else {
            return Action::Continue;
        };
        callback(filter, stream)
    }
}

/// Makes a `cdylib` of a [`Filter`]: `export!(MyFilter: request_headers, response_headers)`. The phases are
/// `request_headers`, `request_body`, `response_headers`, `response_body` and `response_trailers`, and outside of
/// exchanges `tick` and `grpc_reply`.
///
/// On any other target than wasm32 it expands to nothing, so that the crate still builds and is tested there.
#[macro_export]
macro_rules! export {
    ($filter:ty: $($phase:ident),+ $(,)?) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            ::std::thread_local! {
                static REGISTRY: $crate::Registry<$filter> = $crate::Registry::default();
            }

            #[unsafe(no_mangle)]
            extern "C" fn proxy_abi_version_0_2_1() {}

            #[unsafe(no_mangle)]
            extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
                $crate::ffi::allocate(size)
            }

            #[unsafe(no_mangle)]
            extern "C" fn proxy_on_context_create(id: u32, parent: u32) {
                REGISTRY.with(|registry| registry.create(id, parent));
            }

            #[unsafe(no_mangle)]
            extern "C" fn proxy_on_configure(root: u32, size: usize) -> u32 {
                REGISTRY.with(|registry| $crate::ffi::configure(registry, root, size))
            }

            #[unsafe(no_mangle)]
            extern "C" fn proxy_on_delete(id: u32) {
                REGISTRY.with(|registry| registry.delete(id));
            }

            $($crate::export_phase!($phase);)+
        };
    };
}

/// One exported callback. Part of [`export!`].
#[doc(hidden)]
#[macro_export]
macro_rules! export_phase {
    (tick) => {
        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_tick(root: u32) {
            use $crate::Filter;
            REGISTRY.with(|r| r.on_root(root, |f| f.on_tick(&$crate::ffi::Proxy)));
        }
    };
    (grpc_reply) => {
        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_grpc_receive(root: u32, call: u32, size: usize) {
            REGISTRY.with(|r| $crate::ffi::callout::received(r, root, call, size));
        }

        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_grpc_close(root: u32, call: u32, status: u32) {
            REGISTRY.with(|r| $crate::ffi::callout::closed(r, root, call, status));
        }
    };
    (request_headers) => {
        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_request_headers(id: u32, _count: u32, end: u32) -> u32 {
            use $crate::Filter;
            REGISTRY.with(|r| {
                r.on(id, |f, s| {
                    f.on_request_headers(s, &$crate::ffi::Proxy, end != 0)
                })
            }) as u32
        }
    };
    (request_body) => {
        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_request_body(id: u32, size: usize, end: u32) -> u32 {
            use $crate::Filter;
            REGISTRY.with(|r| {
                r.on(id, |f, s| {
                    f.on_request_body(s, &$crate::ffi::Proxy, size, end != 0)
                })
            }) as u32
        }
    };
    (response_headers) => {
        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_response_headers(id: u32, _count: u32, end: u32) -> u32 {
            use $crate::Filter;
            REGISTRY.with(|r| {
                r.on(id, |f, s| {
                    f.on_response_headers(s, &$crate::ffi::Proxy, end != 0)
                })
            }) as u32
        }
    };
    (response_body) => {
        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_response_body(id: u32, size: usize, end: u32) -> u32 {
            use $crate::Filter;
            REGISTRY.with(|r| {
                r.on(id, |f, s| {
                    f.on_response_body(s, &$crate::ffi::Proxy, size, end != 0)
                })
            }) as u32
        }
    };
    (response_trailers) => {
        #[unsafe(no_mangle)]
        extern "C" fn proxy_on_response_trailers(id: u32, _count: u32) -> u32 {
            use $crate::Filter;
            REGISTRY.with(|r| r.on(id, |f, s| f.on_response_trailers(s, &$crate::ffi::Proxy))) as u32
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{FakeProxy, FakeShared};
    use crate::{GrpcCall, HeaderMap};

    struct Echo(Vec<u8>);

    impl Filter for Echo {
        type Stream = usize;

        fn configure(_: &impl Host, plugin: Plugin<'_>) -> Result<Self, String> {
            if plugin.config.is_empty() {
                return Err("config: is empty".to_owned());
            }
            Ok(Self(plugin.config.to_vec()))
        }

        fn on_response_headers(&self, seen: &mut usize, proxy: &(impl Exchange + Host), _: bool) -> Action {
            *seen += 1;
            let _ = proxy.set_header(HeaderMap::Response, "x-echo", &self.0);
            if *seen > 1 {
                Action::Pause
            } else {
                Action::Continue
            }
        }
    }

    fn proxy() -> FakeProxy {
        let proxy = FakeProxy::new(&FakeShared::default());
        proxy.give_headers::<&[u8]>(HeaderMap::Response, &[]);
        proxy
    }

    fn plugin(config: &[u8]) -> Plugin<'_> {
        Plugin { name: "echo", config }
    }

    fn respond(registry: &Registry<Echo>, id: u32, proxy: &FakeProxy) -> (Action, Option<Vec<u8>>) {
        let action = registry.on(id, |f, s| f.on_response_headers(s, proxy, true));
        (action, proxy.header(HeaderMap::Response, "x-echo").unwrap())
    }

    #[test]
    fn an_exchange_keeps_its_state_from_callback_to_callback() {
        let (registry, proxy) = (Registry::<Echo>::default(), proxy());
        registry.configure(1, &proxy, plugin(b"one")).unwrap();
        registry.create(2, 1);
        assert_eq!(
            respond(&registry, 2, &proxy),
            (Action::Continue, Some(b"one".to_vec()))
        );
        assert_eq!(
            respond(&registry, 2, &proxy),
            (Action::Pause, Some(b"one".to_vec()))
        );
    }

    #[test]
    fn a_refused_configuration_leaves_the_one_before() {
        let (registry, proxy) = (Registry::<Echo>::default(), proxy());
        registry.configure(1, &proxy, plugin(b"one")).unwrap();
        assert_eq!(
            registry.configure(1, &proxy, plugin(b"")),
            Err("config: is empty".to_owned())
        );
        registry.create(2, 1);
        assert_eq!(respond(&registry, 2, &proxy).1, Some(b"one".to_vec()));
    }

    #[test]
    fn an_exchange_outlives_the_plugin_it_began_under() {
        let (registry, proxy) = (Registry::<Echo>::default(), proxy());
        registry.configure(1, &proxy, plugin(b"one")).unwrap();
        registry.create(2, 1);
        registry.delete(1);
        assert_eq!(respond(&registry, 2, &proxy).1, Some(b"one".to_vec()));
    }

    #[test]
    fn an_unknown_exchange_passes() {
        let (registry, proxy) = (Registry::<Echo>::default(), proxy());
        registry.create(2, 1);
        registry.delete(9);
        assert_eq!(respond(&registry, 2, &proxy), (Action::Continue, None));
    }

    /// Asks on every tick, and remembers how it ended.
    #[derive(Default)]
    struct Asking(RefCell<Vec<Result<Vec<u8>, GrpcStatus>>>);

    impl Filter for Asking {
        type Stream = ();

        fn configure(_: &impl Host, _: Plugin<'_>) -> Result<Self, String> {
            Ok(Self::default())
        }

        fn tick(&self) -> Option<Duration> {
            Some(Duration::from_millis(50))
        }

        fn on_tick(&self, proxy: &(impl Callout + Host)) {
            let _ = proxy.grpc_call(&GrpcCall {
                cluster: "up",
                authority: "",
                service: "a.B",
                method: "C",
                message: b"?",
                timeout: Duration::from_millis(10),
            });
        }

        fn on_grpc_reply(&self, _: &impl Host, _: CallId, reply: Result<Vec<u8>, GrpcStatus>) {
            self.0.borrow_mut().push(reply);
        }
    }

    #[test]
    fn a_call_begins_on_a_tick_and_its_end_is_told_to_the_same_plugin() {
        let (registry, proxy) = (Registry::<Asking>::default(), proxy());
        let tick = registry.configure(1, &proxy, plugin(b""));
        assert_eq!(tick, Ok(Some(Duration::from_millis(50))));
        registry.on_root(1, |f| f.on_tick(&proxy));
        registry.on_root(9, |f| f.on_tick(&proxy));
        let calls = proxy.take_calls();
        let [call] = &calls[..] else { panic!("one call") };
        assert_eq!(
            (
                call.cluster.as_str(),
                call.service.as_str(),
                call.message.as_slice()
            ),
            ("up", "a.B", &b"?"[..])
        );
        for reply in [Ok(b"!".to_vec()), Err(GrpcStatus(14))] {
            registry.on_root(1, |f| f.on_grpc_reply(&proxy, call.id, reply.clone()));
        }
        registry.on_root(1, |f| {
            assert_eq!(*f.0.borrow(), [Ok(b"!".to_vec()), Err(GrpcStatus(14))]);
        });
    }

    #[test]
    fn a_map_that_the_proxy_no_longer_holds_is_an_error_and_not_a_panic() {
        let proxy = proxy();
        assert_eq!(
            proxy.header(HeaderMap::Request, ":path"),
            Err(crate::Error::BadArgument)
        );
    }
}
