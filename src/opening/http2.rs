//! WebSockets over HTTP/2 (RFC 8441): a stream of a session that channels share replaces a connection.

use super::dial::Party;
use super::explanation::Leg;
use super::failure::{Failure, Obstacle};
use super::leader::{Leader, Place};
use super::progress::Point;
use super::{Ask, Dial, Exchange, Opening, Route, Socket, Stage};

impl<D: Dial, A: Ask<Cause = D::Cause>> Opening<D, A> {
    /// A stream of a session that other channels have made.
    pub(super) fn join(&mut self) -> Option<D::Socket> {
        let socket = self.dial.join(&self.plan.route()?)?;
        self.release_followers(Some(0)); // the next one may find room too, or it connects
        self.progress.start(self.plan.peer(Party::Server), None);
        Some(socket)
    }

    /// Lets those go on that follow this opening, if it leads: see [`Leader::arrive`].
    pub(super) fn release_followers(&mut self, room: Option<usize>) {
        if let Some(leader) = self.leader.take() {
            leader.arrive(room);
        }
    }

    /// Takes a place among the openings to the server by the same route: leads them, or follows the one that leads. Returns whether it follows.
    pub(super) fn take_place(&mut self) -> bool {
        let Some(route) = self.plan.route() else {
            self.leader = None;
            return false;
        };
        let stands = self.leader.as_ref().filter(|leader| *leader.route() == route);
        // The session that it waited for has no room left. Another session is needed, and the next leader makes it.
        if stands.is_none_or(|leader| leader.place() == Place::MayJoin) {
            self.leader = Some(Leader::new(route));
        }
        self.leader.as_ref().is_some_and(|leader| leader.place() == Place::Follows)
    }

    /// The extended CONNECT and its response.
    pub(super) async fn exchange_on_stream(
        &mut self,
        socket: &mut D::Socket,
        route: &Route,
    ) -> Result<Exchange, Failure<D::Cause>> {
        self.progress.reach(Point::Session);
        let shared = socket.share(route).await;
        let room = shared.map_err(|loss| self.lost(Party::Server, Leg::Response, loss))?;
        self.release_followers(room);
        if room.is_none() {
            self.plan.do_without_http2();
            return Ok(Exchange::Again);
        }
        let request = self.plan.request("CONNECT");
        self.progress.reach(Point::Response);
        self.ask.progress(Stage::SendingTo, self.plan.uri.address());
        let fields = request.to_fields();
        self.ask.sends(|| fields.iter().flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect());
        self.ask.progress(Stage::WaitingFor, self.plan.uri.address());
        match socket.request(&fields).await {
            Ok(response) if (200..300).contains(&response.status) => {
                let settled = request
                    .settle(&response)
                    .map_err(|malformed| self.stopped(Party::Server, Obstacle::from(malformed)))?;
                Ok(Exchange::Upgraded(settled, response, Vec::new()))
            }
            Ok(response) => Ok(Exchange::Refused(self.progress.read_body(socket, response).await)),
            Err(loss) if loss.code == "HTTP_1_1_REQUIRED" => {
                self.plan.do_without_http2();
                Ok(Exchange::Again)
            }
            // The server has not processed the request, so it may be sent again (RFC 9113 §8.7).
            Err(loss) if loss.code == "REFUSED_STREAM" && !self.is_repeated => {
                self.is_repeated = true;
                Ok(Exchange::Again)
            }
            Err(loss) => Err(self.lost(Party::Server, Leg::Response, loss)),
        }
    }
}
