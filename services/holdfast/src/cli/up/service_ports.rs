//! The flags for the ports of services: one for each service that there is.

use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches};

use super::port_below;
use crate::local::{Service, ServicePorts};

/// What the flags say, in the order in which services start.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServicePortFlags(pub(super) [ServicePorts; Service::START_ORDER.len()]);

impl Args for ServicePortFlags {
    fn augment_args(command: Command) -> Command {
        Service::START_ORDER
            .into_iter()
            .fold(command, |command, service| command.arg(flag(service)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn flag(service: Service) -> Arg {
    let derived = match service {
        Service::Order => {
            "; the admin port of each service is its port plus 1000, those of its sidecar plus 7000 (others call it \
             there), 7100 (it calls others by it) and 10900 (admin)"
        }
        _ => "",
    };
    let (help, usual) = (service.port_help(), service.usual_port());
    Arg::new(id(service))
        .long(id(service))
        .value_name("PORT")
        .value_parser(port_below(ServicePorts::SPAN))
        .help(format!("{help}{derived} [default: {usual}]"))
}

fn id(service: Service) -> &'static str {
    service.port_flag().trim_start_matches('-')
}

impl FromArgMatches for ServicePortFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let chosen = |service| {
            let chosen = matches.try_get_one(id(service));
            let chosen = chosen.map_err(|error| Error::raw(ErrorKind::UnknownArgument, error));
            chosen.map(|port| port.copied().unwrap_or(service.usual_port()))
        };
        let mut ports = Service::START_ORDER.map(|service| ServicePorts::from_http(service.usual_port()));
        for (service, ports) in Service::START_ORDER.into_iter().zip(&mut ports) {
            *ports = ServicePorts::from_http(chosen(service)?);
        }
        Ok(Self(ports))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
